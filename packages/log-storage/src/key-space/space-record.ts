import { getU32, putU32, seal, unseal } from '../layout/bytes.js';

/**
 * Which epoch of a group's key space is the live one. An epoch is part of every key, so a whole key
 * space is replaced by a change of this record: a restore fills another epoch and then switches.
 */
export interface SpaceRecord {
  readonly epoch: number;
  /** The epoch that an unfinished restore fills; 0: none. */
  readonly restoring: number;
  /** The highest epoch that was ever used. */
  readonly highest: number;
}

export const newSpace: SpaceRecord = { epoch: 1, restoring: 0, highest: 1 };

export function encodeSpace(key: Uint8Array, record: SpaceRecord): Buffer {
  const body = Buffer.allocUnsafe(12);
  putU32(body, 0, record.epoch);
  putU32(body, 4, record.restoring);
  putU32(body, 8, record.highest);
  return seal(key, body);
}

/** The record, or null where it does not match its checksum. */
export function decodeSpace(key: Uint8Array, value: Uint8Array): SpaceRecord | null {
  const body = unseal(key, value);
  if (body?.length !== 12) return null;
  return { epoch: getU32(body, 0), restoring: getU32(body, 4), highest: getU32(body, 8) };
}
