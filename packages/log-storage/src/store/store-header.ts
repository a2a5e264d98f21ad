import { getU16, getU48, putU16, putU48, seal, unseal } from '../layout/bytes.js';
import { batchKey, headerKey } from '../layout/keys.js';

/** Format of the keys and values below and of the fence. Another one is refused, never guessed at. */
export const formatVersion = 1;

export interface StoreHeader {
  readonly version: number;
  readonly storeId: string;
}

export function encodeHeader(header: StoreHeader): Buffer {
  const body = Buffer.alloc(18);
  putU16(body, 0, header.version);
  body.set(Buffer.from(header.storeId, 'hex'), 2);
  return seal(headerKey, body);
}

/** The header, or null where it does not match its checksum. */
export function decodeHeader(value: Uint8Array): StoreHeader | null {
  const body = unseal(headerKey, value);
  if (body === null || body.length < 18) return null;
  return { version: getU16(body, 0), storeId: Buffer.from(body.subarray(2, 18)).toString('hex') };
}

/** Where the sequence starts in a batch's first value: the check of LevelDB's log reads it there. */
export function encodeBatchSeq(seq: number): Buffer {
  const body = Buffer.allocUnsafe(6);
  putU48(body, 0, seq);
  return seal(batchKey, body);
}

export function decodeBatchSeq(value: Uint8Array): number | null {
  const body = unseal(batchKey, value);
  return body?.length === 6 ? getU48(body, 0) : null;
}
