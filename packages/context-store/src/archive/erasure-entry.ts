import { ByteReader } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { Life } from './life.js';

/** An erased life whose rows are still to go from the archive. */
export const encodeErasure = ({ ordinal, createdAt }: Life): Uint8Array =>
  new ByteWriter(16).varint(ordinal).varint(createdAt).finish();

/** @throws MalformedError */
export function decodeErasure(bytes: Uint8Array): Life {
  const reader = new ByteReader(bytes);
  const life = { ordinal: reader.varint(), createdAt: reader.varint() };
  reader.end();
  return life;
}
