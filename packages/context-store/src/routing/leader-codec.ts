import { groupId, nodeId, term, type GroupId } from '@fastpaca/raft-core';

import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { Leadership } from './leaderships.js';

/* Who leads a group? Both sides may get longer in a later release. */

export const encodeGroup = (group: GroupId): Uint8Array => new ByteWriter(4).varint(group).finish();

/** @throws MalformedError */
export const decodeGroup = (bytes: Uint8Array): GroupId => groupId(new ByteReader(bytes).varint());

export function writeLeader(writer: ByteWriter, leader: Leadership | null): ByteWriter {
  return writer.string(leader?.node ?? '').varint(leader?.term ?? 0);
}

/** @throws MalformedError */
export function readLeader(reader: ByteReader): Leadership | null {
  const node = reader.string();
  const since = reader.varint();
  return node === '' ? null : { node: nodeId(node), term: term(since) };
}

export const encodeLeader = (leader: Leadership | null): Uint8Array =>
  writeLeader(new ByteWriter(48), leader).finish();

/** Null also where the bytes are not an answer. */
export function decodeLeader(bytes: Uint8Array): Leadership | null {
  try {
    return readLeader(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof MalformedError || error instanceof RangeError) return null;
    throw error;
  }
}
