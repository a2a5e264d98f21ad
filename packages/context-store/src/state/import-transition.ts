import type { KeyOp } from '@fastpaca/log-storage';
import { decodeWindowState, windowFault, type WindowState } from '@fastpaca/token-budget';

import { newProgress } from '../archive/archive-progress.js';
import { MalformedError } from '../codec/byte-reader.js';
import type { Command, ImportedContext, ImportEntry, RememberedKey } from '../command/command.js';
import { createProfile } from '../context/context-codec.js';
import { maximumMetadataBytes, type StoredContext } from '../context/context-record.js';
import { maximumTime } from '../context/context-time.js';
import { decodeEntry } from '../stream/change-entry.js';
import { refuse, type StateReader, type Transition } from './change.js';
import { encodeDedupeEntry, encodePlace } from './dedupe.js';
import {
  discardOps,
  emptyStage,
  putStage,
  readStage,
  removeStage,
  type ImportStage,
} from './import-stage.js';
import { InvalidCommand, openFromCommand } from './invalid-command.js';
import { removeContext } from './remove-context.js';
import { changeKey, dedupeKey, importKey, messageKey, queueKey, replacementKey } from './keys.js';

type ImportCommand = Extract<Command, { type: 'import' }>;

/**
 * Takes a part of a context that comes from a backup. The first command begins, and answers the number
 * of the stage; the last one carries the context itself and makes all of it visible at once. A small
 * context is one command. Repeating a command changes nothing, so that one whose outcome is unknown is
 * simply sent again.
 */
export function importContext(reader: StateReader, command: ImportCommand): Transition {
  try {
    return command.stage === null ? begin(reader, command) : goOn(reader, command, command.stage);
  } catch (error) {
    if (!(error instanceof InvalidCommand)) throw error;
    return refuse({ reason: 'import_invalid', detail: error.message });
  }
}

function begin(reader: StateReader, command: ImportCommand): Transition {
  const existing = reader.context(command.id);
  if (existing !== undefined && !command.replace) return refuse({ reason: 'import_exists' });
  if (command.from !== 0) throw new InvalidCommand('An import begins with its first entry.');
  const unfinished = removeStage(reader, command.id) ?? [];
  return add(reader, command, emptyStage(freshOrdinal(reader, command.at)), existing, unfinished);
}

function goOn(reader: StateReader, command: ImportCommand, stage: number): Transition {
  const existing = reader.context(command.id);
  const found = readStage(reader, command.id);
  const end = command.from + command.entries.length;
  if (found?.ordinal !== stage) {
    // The last command again.
    if (command.finish === 'discard') return { result: { kind: 'staged', stage } };
    if (command.finish !== null && existing?.record.ordinal === stage)
      return { result: { kind: 'imported' } };
    return refuse({ reason: 'import_superseded' });
  }
  if (command.finish === 'discard') {
    return {
      result: { kind: 'staged', stage },
      ops: discardOps(command.id, stage),
    };
  }
  if (command.finish === null && end <= found.entries) return { result: { kind: 'staged', stage } };
  if (command.from !== found.entries) return refuse({ reason: 'import_superseded' });
  if (existing !== undefined && !command.replace) return refuse({ reason: 'import_exists' });
  return add(reader, command, found, existing, []);
}

/**
 * A life is known to the archive by its ordinal and the time of its creation, which an import brings
 * along. The ordinal must therefore be none that the cluster of the backup may have given to it: an
 * archive that both have used would take the messages of one for those of the other.
 */
function freshOrdinal(reader: StateReader, at: number): number {
  const next = reader.nextOrdinal();
  return at < largestNumber ? Math.max(next, at) : next;
}

/** Keys have six bytes for a number; half of them are left for what comes after. */
const largestNumber = 2 ** 47;

function add(
  reader: StateReader,
  command: ImportCommand,
  found: ImportStage,
  existing: StoredContext | undefined,
  before: readonly KeyOp[],
): Transition {
  const { id, finish } = command;
  if (finish === 'discard') throw new InvalidCommand('There is nothing to discard.');
  let stage = found;
  const ops: KeyOp[] = [...before];
  for (const entry of command.entries) stage = addEntry(stage, entry, ops);
  const { ordinal } = stage;
  if (finish === null) {
    return { result: { kind: 'staged', stage: ordinal }, ordinal, ops: [...ops, putStage(id, stage)] };
  }
  const replaced = existing === undefined ? { ops: [] } : removeContext(reader, id, existing.record);
  ops.unshift(...replaced.ops);
  ops.push({ type: 'del', key: importKey(id) });
  const context = finished(stage, finish, existing?.record.archive.place ?? 0);
  return {
    result: { kind: 'imported' },
    writes: [{ id, context, profileChanged: true, ops, changes: [{ type: 'imported' }] }],
    ...(replaced.erasures && { erasures: replaced.erasures }),
  };
}

/** Adds the entry's writes to `ops`, and returns the stage after it. */
function addEntry(stage: ImportStage, entry: ImportEntry, ops: KeyOp[]): ImportStage {
  const { ordinal } = stage;
  const next = { ...stage, entries: stage.entries + 1 };
  switch (entry.section) {
    case 'replacement':
      openFromCommand(entry.stored);
      ops.push({ type: 'put', key: replacementKey(ordinal, stage.replacements), value: entry.stored });
      return { ...next, replacements: stage.replacements + 1 };
    case 'message':
      openFromCommand(entry.stored);
      ops.push({ type: 'put', key: messageKey(ordinal, stage.messages + 1), value: entry.stored });
      return { ...next, messages: stage.messages + 1 };
    case 'change': {
      const changeSeq = seqAfterChange(stage, entry);
      ops.push({ type: 'put', key: changeKey(ordinal, entry.version), value: entry.entry });
      return { ...next, changeVersion: entry.version, changeSeq };
    }
    case 'key':
      ops.push(...keyOps(stage, entry.key));
      return {
        ...next,
        keys: stage.keys + 1,
        ...(stage.keys === 0 ? { headAppend: entry.key.append, headAt: entry.key.at } : {}),
      };
  }
}

/** The last message after a change that follows the one before it. */
function seqAfterChange(stage: ImportStage, change: Extract<ImportEntry, { section: 'change' }>): number {
  const first = stage.changeVersion === 0;
  if (change.version > largestNumber) throw new InvalidCommand(beyondNumbers(change.version));
  if (change.version < 1 || (!first && change.version !== stage.changeVersion + 1)) {
    throw new InvalidCommand(`The change of version ${change.version} does not follow the one before it.`);
  }
  const { kind, lastSeq, ...rest } = fromCommand(() => decodeEntry(change.entry));
  const count = kind === 'append' && 'count' in rest ? rest.count : 0;
  if (count > lastSeq || (!first && lastSeq !== stage.changeSeq + count)) {
    throw new InvalidCommand(`The change of version ${change.version} has other messages than it says.`);
  }
  return lastSeq;
}

const beyondNumbers = (found: number): string =>
  `A version or a number of appends is ${found}, at most ${largestNumber} are taken.`;

function keyOps({ ordinal, keys }: ImportStage, key: RememberedKey): readonly KeyOp[] {
  if (key.key.length < 1 || key.key.length > 256) throw new InvalidCommand('A key has 1 to 256 characters.');
  const entryKey = dedupeKey(ordinal, key.kind, key.key);
  return [
    { type: 'put', key: entryKey, value: encodeDedupeEntry(key) },
    { type: 'put', key: queueKey(ordinal, keys), value: encodePlace(key.append, key.at, entryKey) },
  ];
}

/**
 * The context that an import has brought, checked as a whole: nothing of it may stop a later command.
 * `place`: that of the context that it replaces, in the queue for the archive; see queue-contexts.ts.
 */
function finished(stage: ImportStage, imported: ImportedContext, place: number): StoredContext {
  const { status, version, lastSeq, createdAt, updatedAt, appends } = imported;
  if (stage.messages !== lastSeq) {
    throw new InvalidCommand(`The context says ${lastSeq} messages, and ${stage.messages} came.`);
  }
  if (stage.changeVersion !== 0 && (stage.changeVersion !== version || stage.changeSeq !== lastSeq)) {
    throw new InvalidCommand(`The context has version ${version}, its last change ${stage.changeVersion}.`);
  }
  // Every append adds to both, and must be able to.
  if (Math.max(version, appends) > largestNumber) {
    throw new InvalidCommand(beyondNumbers(Math.max(version, appends)));
  }
  if (createdAt > maximumTime || updatedAt > maximumTime) {
    throw new InvalidCommand('A time of the context is beyond what a date can say.');
  }
  const profile = createProfile(
    imported.tokenBudget,
    imported.triggerRatio,
    imported.policy,
    imported.metadata,
  );
  if (profile === null) throw new InvalidCommand('The settings of the context are not usable.');
  if (Buffer.byteLength(profile.metadataText) > maximumMetadataBytes) {
    throw new InvalidCommand(`The metadata has more than ${maximumMetadataBytes} bytes.`);
  }
  const { keys, headAppend, headAt } = stage;
  return {
    profile,
    record: {
      ordinal: stage.ordinal,
      status,
      version,
      lastSeq,
      archivedSeq: 0,
      createdAt,
      updatedAt,
      appends,
      queue: { head: 0, tail: keys, headAppend, headAt },
      window: windowOf(imported.window, lastSeq, stage.replacements),
      archive: { ...newProgress, place },
    },
  };
}

function windowOf(bytes: Uint8Array, lastSeq: number, replacements: number): WindowState {
  const window = fromCommand(() => decodeWindowState(bytes));
  const fault = windowFault(window, lastSeq, replacements);
  if (fault !== null) throw new InvalidCommand(`The window cannot be: ${fault}.`);
  return window;
}

/** Bytes of a command, decoded: what is wrong with them is the command's fault. */
function fromCommand<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof MalformedError || error instanceof RangeError)) throw error;
    throw new InvalidCommand(error.message, { cause: error });
  }
}
