import { MalformedError, type ByteReader } from '../codec/byte-reader.js';
import type { ByteWriter } from '../codec/byte-writer.js';
import type { ContextStatus } from '../context/context-view.js';
import {
  contentHashBytes,
  type Command,
  type ImportedContext,
  type ImportEntry,
  type RememberedKey,
} from './command.js';

type ImportCommand = Extract<Command, { type: 'import' }>;

const sections = { replacement: 0, message: 1, change: 2, key: 3 } as const;
const ends = { more: 0, context: 1, discard: 2 } as const;
const statuses: readonly ContextStatus[] = ['active', 'tombstoned'];

/** The fields of an import after id and time: `replace, stage + 1 or 0, from, entries, [context]`. */
export function writeImport(writer: ByteWriter, command: ImportCommand): void {
  writer.u8(Number(command.replace));
  writer.varint(command.stage === null ? 0 : command.stage + 1).varint(command.from);
  writer.varint(command.entries.length);
  for (const entry of command.entries) writeEntry(writer, entry);
  const { finish } = command;
  writer.u8(finish === null ? ends.more : finish === 'discard' ? ends.discard : ends.context);
  if (finish !== null && finish !== 'discard') writeContext(writer, finish);
}

export function readImport(reader: ByteReader): Omit<ImportCommand, 'type' | 'id' | 'at'> {
  const replace = reader.boolean();
  const stage = reader.varint();
  const from = reader.varint();
  const count = reader.varint();
  // An entry takes two bytes at least: a count that the bytes cannot hold must not allocate.
  if (count * 2 > reader.remaining) throw new MalformedError('There are fewer entries than counted.');
  const entries: ImportEntry[] = [];
  for (let index = 0; index < count; index += 1) entries.push(readEntry(reader));
  const finish = readFinish(reader);
  return { replace, stage: stage === 0 ? null : stage - 1, from, entries, finish };
}

/** Close to the exact size: a large buffer that doubles would be copied and half empty. */
export function importCapacity({ entries, finish }: ImportCommand): number {
  let bytes = 64;
  for (const entry of entries) bytes += importEntryBytes(entry);
  if (finish !== null && finish !== 'discard')
    bytes += 128 + finish.window.length + 3 * finish.policy.length + 3 * finish.metadata.length;
  return bytes;
}

/** What an entry takes in a command, at most. */
export function importEntryBytes(entry: ImportEntry): number {
  switch (entry.section) {
    case 'replacement':
    case 'message':
      return 8 + entry.stored.length;
    case 'change':
      return 24 + entry.entry.length;
    case 'key':
      return 64 + 3 * entry.key.key.length + 16 * entry.key.results.length;
  }
}

function writeEntry(writer: ByteWriter, entry: ImportEntry): void {
  writer.u8(sections[entry.section]);
  switch (entry.section) {
    case 'replacement':
    case 'message':
      writer.bytes(entry.stored);
      break;
    case 'change':
      writer.varint(entry.version).bytes(entry.entry);
      break;
    case 'key':
      writeKey(writer, entry.key);
      break;
  }
}

function readEntry(reader: ByteReader): ImportEntry {
  const section = reader.u8();
  switch (section) {
    case sections.replacement:
      return { section: 'replacement', stored: reader.bytes() };
    case sections.message:
      return { section: 'message', stored: reader.bytes() };
    case sections.change:
      return { section: 'change', version: reader.varint(), entry: reader.bytes() };
    case sections.key:
      return { section: 'key', key: readKey(reader) };
    default:
      throw new MalformedError(`The section ${section} is not known.`);
  }
}

function writeKey(writer: ByteWriter, key: RememberedKey): void {
  writer
    .u8(Number(key.kind === 'message'))
    .string(key.key)
    .varint(key.append)
    .varint(key.at);
  writer.raw(key.hash).varint(key.version).varint(key.results.length);
  for (const { seq, tokens } of key.results) writer.varint(seq).varint(tokens);
}

function readKey(reader: ByteReader): RememberedKey {
  const head = {
    kind: reader.boolean() ? 'message' : 'call',
    key: reader.string(),
    append: reader.varint(),
    at: reader.varint(),
    hash: reader.raw(contentHashBytes),
    version: reader.varint(),
  } as const;
  const count = reader.varint();
  if (count * 2 > reader.remaining) throw new MalformedError('A key has fewer results than counted.');
  const results: { seq: number; tokens: number }[] = [];
  for (let index = 0; index < count; index += 1) {
    results.push({ seq: reader.varint(), tokens: reader.varint() });
  }
  return { ...head, results };
}

function writeContext(writer: ByteWriter, context: ImportedContext): void {
  writer
    .u8(statuses.indexOf(context.status))
    .varint(context.version)
    .varint(context.lastSeq)
    .varint(context.createdAt)
    .varint(context.updatedAt)
    .varint(context.appends)
    .bytes(context.window)
    .varint(context.tokenBudget)
    .f64(context.triggerRatio)
    .string(context.policy)
    .string(context.metadata);
}

function readFinish(reader: ByteReader): ImportCommand['finish'] {
  const end = reader.u8();
  switch (end) {
    case ends.more:
      return null;
    case ends.context:
      return readContext(reader);
    case ends.discard:
      return 'discard';
    default:
      throw new MalformedError(`The end ${end} is not known.`);
  }
}

function readContext(reader: ByteReader): ImportedContext {
  const status = statuses[reader.u8()];
  if (status === undefined) throw new MalformedError('The status of a context is not known.');
  return {
    status,
    version: reader.varint(),
    lastSeq: reader.varint(),
    createdAt: reader.varint(),
    updatedAt: reader.varint(),
    appends: reader.varint(),
    window: reader.bytes(),
    tokenBudget: reader.varint(),
    triggerRatio: reader.f64(),
    policy: reader.string(),
    metadata: reader.string(),
  };
}
