import { ByteReader } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { ContextId } from '../context/context-id.js';

/** A context in the queue of those with messages that are not archived. */
export interface PendingEntry {
  readonly id: ContextId;
  /** When the first of these messages came, as far as the command knew. Milliseconds since 1970. */
  readonly since: number;
}

export const encodePending = ({ id, since }: PendingEntry): Uint8Array =>
  new ByteWriter(16 + id.length).varint(since).string(id).finish();

/** @throws MalformedError */
export function decodePending(bytes: Uint8Array): PendingEntry {
  const reader = new ByteReader(bytes);
  const since = reader.varint();
  const id = reader.string() as ContextId;
  reader.end();
  return { id, since };
}
