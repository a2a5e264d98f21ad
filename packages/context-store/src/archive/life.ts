import type { ContextRecord } from '../context/context-record.js';

/** What tells one life of an id from every other, also of another cluster that had the same archive. */
export type Life = Pick<ContextRecord, 'ordinal' | 'createdAt'>;

/** The name of a life in the archive. */
export const lifeName = ({ ordinal, createdAt }: Life): string =>
  `${createdAt.toString(36)}-${ordinal.toString(36)}`;
