import { getU16, getU48, maxU48, putU16, putU48, seal, unseal } from '../layout/bytes.js';
import { groupOf, purgeIdOf, purgeKey } from '../layout/keys.js';

/**
 * A deleted range. LevelDB 1.20 has no DeleteRange, and a range may hold a million keys, so the
 * deletion is one small record, durable in the batch of the stage: reads leave out what it covers,
 * and the keys go in small steps with later batches. The record goes with the last of them.
 */
export interface Purge {
  readonly group: number;
  readonly id: number;
  /** Covers values with a stamp below this one: a later put into the range stays. */
  readonly before: number;
  readonly gte: Buffer;
  readonly lt: Buffer;
  /** The bounds as latin1, which compare as the bytes do. */
  readonly gteText: string;
  readonly ltText: string;
}

/** `before` of a range that nobody writes to any more. */
export const everything = maxU48;

export function createPurge(parts: Omit<Purge, 'gteText' | 'ltText'>): Purge {
  return { ...parts, gteText: parts.gte.toString('latin1'), ltText: parts.lt.toString('latin1') };
}

export function covers(purges: readonly Purge[], key: string, seq: number): boolean {
  for (const purge of purges) {
    if (seq < purge.before && purge.gteText <= key && key < purge.ltText) return true;
  }
  return false;
}

export function encodePurge(purge: Purge): { key: Buffer; value: Buffer } {
  const key = purgeKey(purge.group, purge.id);
  const body = Buffer.allocUnsafe(8 + purge.gte.length + purge.lt.length);
  putU48(body, 0, purge.before);
  putU16(body, 6, purge.gte.length);
  body.set(purge.gte, 8);
  body.set(purge.lt, 8 + purge.gte.length);
  return { key, value: seal(key, body) };
}

/** The purge as found on disk, or null where it does not match its checksum. */
export function decodePurge(key: Uint8Array, value: Uint8Array): Purge | null {
  const body = unseal(key, value);
  if (body === null || body.length < 8) return null;
  const split = 8 + getU16(body, 6);
  return createPurge({
    group: groupOf(key),
    id: purgeIdOf(key),
    before: getU48(body, 0),
    gte: Buffer.from(body.subarray(8, split)),
    lt: Buffer.from(body.subarray(split)),
  });
}
