import { crc32 } from 'node:zlib';
import { getU48, putU32, putU48, seal, sealBytes, unseal } from '../layout/bytes.js';
import { putStatePrefix, stateKey, statePrefixBytes } from '../layout/keys.js';
import type { LatePut } from './key-op.js';

// Value of a state-machine key: stamp u48, bytes, seal. The stamp is the token that the stage got, and
// tells a value that a deleted range covers from one put there later.
const headBytes = 6;

/** A change of one key on its way to the disk; `value` null: the key goes. */
export interface StagedOp {
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** What counts against the limit on what is staged. */
  readonly bytes: number;
}

/** What an operation takes in memory beside its key and value, about. */
export const opOverhead = 16;

export function stagedOp(key: Buffer, value: Buffer | null): StagedOp {
  return { key, value, bytes: opOverhead + key.length + (value?.length ?? 0) };
}

/** Key and value in one allocation, checked by one call: stage is on the hot path. */
export function encodePut(
  group: number,
  epoch: number,
  key: Uint8Array,
  value: Uint8Array,
  seq: number,
): StagedOp {
  const body = statePrefixBytes + key.length;
  const end = body + headBytes + value.length;
  const slab = Buffer.allocUnsafe(end + sealBytes);
  putStatePrefix(slab, group, epoch);
  slab.set(key, statePrefixBytes);
  putU48(slab, body, seq);
  slab.set(value, body + headBytes);
  putU32(slab, end, crc32(slab.subarray(0, end)));
  return stagedOp(slab.subarray(0, body), slab.subarray(body));
}

/** For a key that is there already. */
function encodeValue(key: Uint8Array, bytes: Uint8Array, seq: number): Buffer {
  const body = Buffer.allocUnsafe(headBytes + bytes.length);
  putU48(body, 0, seq);
  body.set(bytes, headBytes);
  return seal(key, body);
}

/** A put that is encoded when somebody looks at it. */
export class StagedLatePut implements StagedOp {
  readonly key: Buffer;
  readonly bytes: number;
  readonly #put: LatePut;
  readonly #seq: number;
  #value: Buffer | null = null;

  constructor(group: number, epoch: number, put: LatePut, seq: number) {
    this.key = stateKey(group, epoch, put.key);
    this.bytes = opOverhead + this.key.length + put.bytes;
    this.#put = put;
    this.#seq = seq;
  }

  get value(): Buffer {
    this.#value ??= encodeValue(this.key, this.#put.encode(), this.#seq);
    return this.#value;
  }
}

export interface StateValue {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** The value read from disk, or null where it does not match its checksum. */
export function decodeState(key: Uint8Array, value: Uint8Array): StateValue | null {
  const body = unseal(key, value);
  if (body === null || body.length < headBytes) return null;
  return { seq: getU48(body, 0), bytes: body.subarray(headBytes) };
}

/** The value of an operation of our own, whose checksum need not be looked at. */
export function stagedState(value: Buffer): StateValue {
  return { seq: getU48(value, 0), bytes: value.subarray(headBytes, value.length - sealBytes) };
}
