import { logIndex, type LogIndex } from '@fastpaca/raft-core';

import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';

/** What a group's state says of itself. */
export interface StateHeader {
  /** The last entry that the state reflects. Written with the effects of that entry, as one. */
  readonly applied: LogIndex;
  /** The number that the next created context gets. */
  readonly nextOrdinal: number;
}

const format = 1;

export const emptyHeader: StateHeader = { applied: logIndex(0), nextOrdinal: 1 };

export const encodeHeader = (header: StateHeader): Uint8Array =>
  new ByteWriter(24).u8(format).varint(header.applied).varint(header.nextOrdinal).finish();

/** @throws MalformedError where the bytes are not a header of this format. */
export function decodeHeader(bytes: Uint8Array): StateHeader {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format) throw new MalformedError(`State format ${found} is not known; upgrade this node.`);
  const header = { applied: logIndex(reader.varint()), nextOrdinal: reader.varint() };
  reader.end();
  return header;
}
