import { StoreError, type StoreErrorCode } from './store-error.js';

/** Messages of one append or one replacement. */
export const maximumBatch = 1_000;
/** Messages or contexts of one page. */
export const maximumPage = 1_000;
export const defaultPage = 100;

/** @throws StoreError `code` unless `value` is an integer of at least `minimum`. */
export function integer(value: number, minimum: number, code: StoreErrorCode, field: string): number {
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  const range = minimum === Number.MIN_SAFE_INTEGER ? 'an integer' : `an integer of at least ${minimum}`;
  throw new StoreError(code, `${field} must be ${range}.`, { details: { field } });
}

export const optionalVersion = (version: number | undefined): number | null =>
  version === undefined ? null : integer(version, 0, 'invalid_version', 'if_version');

export const pageLimit = (limit: number | undefined): number =>
  limit === undefined ? defaultPage : Math.min(integer(limit, 1, 'invalid_range', 'limit'), maximumPage);
