import { isContextId, type ContextId } from '../context/context-id.js';
import { maximumTime } from '../context/context-time.js';
import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import { importCapacity, readImport, writeImport } from './import-codec.js';
import {
  contentHashBytes,
  type ArchivedCommand,
  type ArchivedItem,
  type Command,
  type CommandMessage,
  type DecodedCommand,
  type LogCommand,
  type Setting,
} from './command.js';

/**
 * The format of log entries: `version u8, type u8, id, at`, then the fields of the type; `archived` is
 * of a group and has no id. A replica that meets a version or type that it does not know applies nothing.
 */
export const commandVersion = 1;

const typeCodes = {
  append: 1,
  compact: 2,
  put: 3,
  patch_metadata: 4,
  tombstone: 5,
  erase: 6,
  archived: 7,
  erasure_done: 8,
  import: 16,
} as const;
const knownTypes: ReadonlySet<number> = new Set(Object.values(typeCodes));

export function encodeCommand(command: LogCommand): Uint8Array {
  const writer = new ByteWriter(capacityFor(command)).u8(commandVersion).u8(typeCodes[command.type]);
  if (command.type === 'archived') return writeArchived(writer, command).finish();
  writer.string(command.id).varint(command.at);
  switch (command.type) {
    case 'append':
      writeOptional(writer, command.ifVersion);
      writeIdentity(writer, command.call && { id: command.call.key, hash: command.call.hash });
      writeMessages(writer, command.messages);
      break;
    case 'compact':
      writeOptional(writer, command.ifVersion);
      writeOptional(writer, command.upToSeq);
      writeMessages(writer, command.messages);
      break;
    case 'put':
      writer.u8(Number(command.tokenBudget.given)).varint(command.tokenBudget.value);
      writer.u8(Number(command.triggerRatio.given)).f64(command.triggerRatio.value);
      writer.u8(Number(command.policy.given)).string(command.policy.value);
      writer.u8(Number(command.metadata.given)).string(command.metadata.value);
      writer.u8(Number(command.activate));
      break;
    case 'patch_metadata':
      writer.string(command.patch);
      break;
    case 'import':
      writeImport(writer, command);
      break;
    case 'tombstone':
    case 'erase':
      break;
    case 'erasure_done':
      writer.varint(command.ordinal);
      break;
  }
  return writer.finish();
}

/** Total: any bytes give an answer, never an exception. */
export function decodeCommand(data: Uint8Array): DecodedCommand {
  const version = data[0] ?? 0;
  const type = data[1] ?? 0;
  if (version !== commandVersion || !knownTypes.has(type)) {
    return { kind: 'unsupported', version, type };
  }
  try {
    const reader = new ByteReader(data.subarray(2));
    const command = type === typeCodes.archived ? readArchived(reader) : readCommand(reader, type);
    reader.end();
    return { kind: 'command', command };
  } catch (error) {
    if (error instanceof MalformedError) return { kind: 'malformed', reason: error.message };
    throw error;
  }
}

function readCommand(reader: ByteReader, type: number): Command {
  const id = readContextId(reader);
  const at = readTime(reader);
  switch (type) {
    case typeCodes.append: {
      const ifVersion = readOptional(reader);
      const call = readIdentity(reader);
      const messages = readMessages(reader);
      if (messages.length === 0) throw new MalformedError('An append has no message.');
      return { type: 'append', id, at, ifVersion, call: call && { key: call.id, hash: call.hash }, messages };
    }
    case typeCodes.compact:
      return {
        type: 'compact',
        id,
        at,
        ifVersion: readOptional(reader),
        upToSeq: readOptional(reader),
        messages: readMessages(reader),
      };
    case typeCodes.put:
      return {
        type: 'put',
        id,
        at,
        tokenBudget: readSetting(reader, () => reader.varint()),
        triggerRatio: readSetting(reader, () => reader.f64()),
        policy: readSetting(reader, () => reader.string()),
        metadata: readSetting(reader, () => reader.string()),
        activate: reader.boolean(),
      };
    case typeCodes.patch_metadata:
      return { type: 'patch_metadata', id, at, patch: reader.string() };
    case typeCodes.import:
      return { type: 'import', id, at, ...readImport(reader) };
    case typeCodes.tombstone:
      return { type: 'tombstone', id, at };
    case typeCodes.erase:
      return { type: 'erase', id, at };
    default:
      return { type: 'erasure_done', id, at, ordinal: reader.varint() };
  }
}

function writeArchived(writer: ByteWriter, command: ArchivedCommand): ByteWriter {
  writer.varint(command.at).varint(command.tailKeep).varint(command.trimSteps).varint(command.items.length);
  for (const { id, ordinal, seq, restSince } of command.items) {
    writer.string(id).varint(ordinal).varint(seq);
    writeOptional(writer, restSince);
  }
  return writer;
}

function readArchived(reader: ByteReader): ArchivedCommand {
  const at = readTime(reader);
  const tailKeep = reader.varint();
  const trimSteps = reader.varint();
  const count = reader.varint();
  // An item takes five bytes at least: a count that the bytes cannot hold must not allocate.
  if (count * 5 > reader.remaining) throw new MalformedError('There are fewer items than counted.');
  const items: ArchivedItem[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = readContextId(reader);
    items.push({ id, ordinal: reader.varint(), seq: reader.varint(), restSince: readOptional(reader) });
  }
  return { type: 'archived', at, tailKeep, trimSteps, items };
}

function readContextId(reader: ByteReader): ContextId {
  const id = reader.string();
  if (!isContextId(id)) throw new MalformedError('The context id is not one.');
  return id;
}

function readTime(reader: ByteReader): number {
  const at = reader.varint();
  if (at > maximumTime) throw new MalformedError('The time is beyond what a date can say.');
  return at;
}

const readSetting = <T>(reader: ByteReader, value: () => T): Setting<T> => ({
  given: reader.boolean(),
  value: value(),
});

/** Null is 0, n is n + 1. The largest number passes for the one before it: no version, seq or time is as large. */
function writeOptional(writer: ByteWriter, value: number | null): void {
  writer.varint(value === null ? 0 : Math.min(value, Number.MAX_SAFE_INTEGER - 1) + 1);
}

function readOptional(reader: ByteReader): number | null {
  const value = reader.varint();
  return value === 0 ? null : value - 1;
}

/** An empty name stands for none. */
function writeIdentity(writer: ByteWriter, identity: CommandMessage['identity']): void {
  if (identity === null) writer.varint(0);
  else writer.string(identity.id).raw(identity.hash);
}

function readIdentity(reader: ByteReader): CommandMessage['identity'] {
  const id = reader.string();
  return id === '' ? null : { id, hash: reader.raw(contentHashBytes) };
}

function writeMessages(writer: ByteWriter, messages: readonly CommandMessage[]): void {
  writer.varint(messages.length);
  for (const message of messages) {
    writeIdentity(writer, message.identity);
    writer.bytes(message.stored);
  }
}

function readMessages(reader: ByteReader): readonly CommandMessage[] {
  const count = reader.varint();
  // A message takes two bytes at least: a count that the bytes cannot hold must not allocate.
  if (count * 2 > reader.remaining) throw new MalformedError('There are fewer messages than counted.');
  const messages: CommandMessage[] = [];
  for (let index = 0; index < count; index += 1) {
    messages.push({ identity: readIdentity(reader), stored: reader.bytes() });
  }
  return messages;
}

/** Close to the exact size: caches of messages keep the buffer of the command that brought them. */
function capacityFor(command: LogCommand): number {
  if (command.type === 'archived') return 32 + 64 * command.items.length;
  const head = 32 + command.id.length;
  if (command.type === 'import') return head + importCapacity(command);
  if (command.type !== 'append' && command.type !== 'compact') return head + 256;
  let bytes = head;
  if (command.type === 'append' && command.call !== null) bytes += 24 + 3 * command.call.key.length;
  for (const { identity, stored } of command.messages) {
    bytes += 8 + stored.length + (identity === null ? 0 : 24 + identity.id.length);
  }
  return bytes;
}
