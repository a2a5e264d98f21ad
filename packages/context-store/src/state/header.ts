import { logIndex, type LogIndex } from '@fastpaca/raft-core';

import { noTotals, readTotals, writeTotals, type GroupTotals } from '../archive/group-totals.js';
import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';

/** What a group's state says of itself. */
export interface StateHeader {
  /** The last entry that the state reflects. Written with the effects of that entry, as one. */
  readonly applied: LogIndex;
  /** The number that the next created context gets. */
  readonly nextOrdinal: number;
  /** The place that the next context gets in the queue of those with unarchived messages. */
  readonly nextPlace: number;
  /** A leader has begun to archive this group: messages may be in the archive, or on their way to it. */
  readonly archiving: boolean;
  readonly totals: GroupTotals;
}

const format = 2;

export const emptyHeader: StateHeader = {
  applied: logIndex(0),
  nextOrdinal: 1,
  nextPlace: 1,
  archiving: false,
  totals: noTotals,
};

export function encodeHeader(header: StateHeader): Uint8Array {
  const writer = new ByteWriter(48)
    .u8(format)
    .varint(header.applied)
    .varint(header.nextOrdinal)
    .varint(header.nextPlace)
    .u8(Number(header.archiving));
  return writeTotals(writer, header.totals).finish();
}

/** @throws MalformedError where the bytes are not a header of this format. */
export function decodeHeader(bytes: Uint8Array): StateHeader {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format) {
    throw new MalformedError(
      `State format ${found} is not known; start the version that wrote the directory.`,
    );
  }
  const header = {
    applied: logIndex(reader.varint()),
    nextOrdinal: reader.varint(),
    nextPlace: reader.varint(),
    archiving: reader.boolean(),
    totals: readTotals(reader),
  };
  reader.end();
  return header;
}
