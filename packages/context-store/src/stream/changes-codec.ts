import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { WindowLoad } from './change-entry.js';
import type { ChangesPage, StreamChange, StreamPosition } from './stream-change.js';

/*
 * Positions and pages between nodes: a node that has no replica of a context asks one that has.
 */
const format = 1;
const types = ['message', 'compaction', 'context', 'tombstoned', 'reset', 'gap'] as const;

export const encodePosition = (position: StreamPosition): Uint8Array =>
  writePosition(new ByteWriter(32).u8(format), position).finish();

/** @throws MalformedError */
export function decodePosition(bytes: Uint8Array): StreamPosition {
  const reader = openFormat(bytes);
  const position = readPosition(reader);
  reader.end();
  return position;
}

export function encodePage({ changes, next, ended }: ChangesPage): Uint8Array {
  const writer = new ByteWriter(1024).u8(format).u8(Number(ended));
  writePosition(writer, next).varint(changes.length);
  for (const change of changes) writeChange(writer, change);
  return writer.finish();
}

/** The messages are views of `bytes`. @throws MalformedError */
export function decodePage(bytes: Uint8Array): ChangesPage {
  const reader = openFormat(bytes);
  const ended = reader.boolean();
  const next = readPosition(reader);
  const count = reader.varint();
  const changes: StreamChange[] = [];
  for (let read = 0; read < count; read += 1) changes.push(readChange(reader));
  reader.end();
  return { changes, next, ended };
}

function writeChange(writer: ByteWriter, change: StreamChange): void {
  writer.u8(types.indexOf(change.type)).varint(change.version);
  switch (change.type) {
    case 'message':
      writer
        .u8(Number(change.last))
        .varint(change.seq)
        .u8(Number(change.message !== null));
      if (change.message !== null) writer.bytes(change.message);
      break;
    case 'compaction':
      writer.u8(Number(change.last)).varint(change.range.fromSeq).varint(change.range.toSeq);
      break;
    case 'context':
      writeLoad(writer, change);
      break;
    case 'gap':
      writer.varint(change.expected).varint(change.actual);
      break;
    case 'tombstoned':
    case 'reset':
      break;
  }
}

function readChange(reader: ByteReader): StreamChange {
  const type = types[reader.u8()];
  const version = reader.varint();
  switch (type) {
    case 'message': {
      const last = reader.boolean();
      const seq = reader.varint();
      return { type, version, seq, message: reader.boolean() ? reader.bytes() : null, last };
    }
    case 'compaction': {
      const last = reader.boolean();
      return { type, version, range: { fromSeq: reader.varint(), toSeq: reader.varint() }, last };
    }
    case 'context':
      return { type, version, ...readLoad(reader) };
    case 'gap':
      return { type, version, expected: reader.varint(), actual: reader.varint() };
    case 'tombstoned':
    case 'reset':
      return { type, version };
    default:
      throw new MalformedError('A change has a type that is not known; upgrade this node.');
  }
}

function writePosition(writer: ByteWriter, { life, version, messages, load }: StreamPosition): ByteWriter {
  writer
    .varint(life)
    .varint(version)
    .varint(messages)
    .u8(Number(load !== null));
  if (load !== null) writeLoad(writer, load);
  return writer;
}

function readPosition(reader: ByteReader): StreamPosition {
  const position = { life: reader.varint(), version: reader.varint(), messages: reader.varint() };
  return { ...position, load: reader.boolean() ? readLoad(reader) : null };
}

const writeLoad = (writer: ByteWriter, { usedTokens, needsCompaction }: WindowLoad): ByteWriter =>
  writer.varint(usedTokens).u8(Number(needsCompaction));

const readLoad = (reader: ByteReader): WindowLoad => ({
  usedTokens: reader.varint(),
  needsCompaction: reader.boolean(),
});

function openFormat(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format) throw new MalformedError(`Stream format ${found} is not known; upgrade this node.`);
  return reader;
}
