import { archiveIncomplete, archiveOff } from '../archive/archive-reader.js';
import type { RememberedKey } from '../command/command.js';
import { decodeRecord } from '../context/context-codec.js';
import type { ContextId } from '../context/context-id.js';
import type { ContextRecord } from '../context/context-record.js';
import type { LogSource, SeqSpan } from '../paging/read-log.js';
import { decodeDedupeEntry, decodePlace } from '../state/dedupe.js';
import type { GroupMachine } from '../state/group-machine.js';
import {
  changeRange,
  dedupeNameOf,
  messageKey,
  messageRange,
  numberOfKey,
  queueRange,
  recordKey,
  type KeyRange,
} from '../state/keys.js';
import { storedFromArchive } from './archived-message.js';
import type { KeyRun, NumberedBytes, RunPage, RunQuery } from './backup-source.js';

const maximumBytes = 256 << 10;
const maximumEntries = 1_000;

export async function readMessageRun(source: LogSource, id: ContextId, query: RunQuery): Promise<RunPage> {
  const { machine } = source;
  const { life, from, to } = query;
  const record = machine.context(id)?.record;
  if (record?.ordinal !== life) return null;
  const { localFrom } = record.archive;
  if (from < localFrom) return readArchived(source, id, record, { from, to: Math.min(to, localFrom - 1) });
  const run = await readRun(machine, messageRange(life, from, to));
  if (run[0]?.number === from) return run;
  const now = machine.context(id)?.record;
  if (now?.ordinal !== life) return null;
  // Trimmed since the look at the record.
  if (from < now.archive.localFrom) return readMessageRun(source, id, query);
  throw new Error(`Context ${id} misses message ${from}: the key space is damaged.`);
}

/** What was trimmed here comes from the archive, but for what the window pins, which is still here. */
async function readArchived(
  { machine, archive }: LogSource,
  id: ContextId,
  record: ContextRecord,
  { from, to }: SeqSpan,
): Promise<RunPage> {
  if (archive === null) throw archiveOff(id, record.archive.localFrom);
  const found = await archive.read(id, record, { fromSeq: from, toSeq: to, maxBytes: maximumBytes });
  if (lifeOf(machine, id) !== record.ordinal) return null;
  if (found.length === 0) throw archiveIncomplete(id, from);
  return found.map((json, index) => {
    const number = from + index;
    const isKept = record.archive.kept.some(({ fromSeq, toSeq }) => fromSeq <= number && number <= toSeq);
    const kept = isKept ? machine.space.get(messageKey(record.ordinal, number)) : undefined;
    return { number, bytes: kept ?? storedFromArchive(json) };
  });
}

export async function readChangeRun(
  { machine }: LogSource,
  id: ContextId,
  { life, from, to }: RunQuery,
): Promise<RunPage> {
  const run = await readRun(machine, changeRange(life, from, to));
  return run.length === 0 && lifeOf(machine, id) !== life ? null : run;
}

export async function readKeyRun(
  { machine }: LogSource,
  id: ContextId,
  { life, from, to }: RunQuery,
): Promise<KeyRun | null> {
  const run = await readRun(machine, queueRange(life, from, to));
  if (run.length === 0 && lifeOf(machine, id) !== life) return null;
  const places = run.map(({ bytes }) => decodePlace(bytes));
  const entries = await machine.space.getMany(places.map(({ entryKey }) => entryKey));
  const keys: RememberedKey[] = [];
  for (const [index, { append, at, entryKey }] of places.entries()) {
    const entry = entries[index];
    if (entry !== undefined)
      keys.push({ ...dedupeNameOf(entryKey), append, at, ...decodeDedupeEntry(entry) });
  }
  const last = run.at(-1);
  return { keys, next: last === undefined ? to + 1 : last.number + 1 };
}

/** As much of a range as one page may have: without a gap from its first key on. */
async function readRun(machine: GroupMachine, range: KeyRange): Promise<NumberedBytes[]> {
  const run: NumberedBytes[] = [];
  let bytes = 0;
  for await (const [key, value] of machine.space.range(range)) {
    const number = numberOfKey(key);
    const last = run.at(-1);
    if (last !== undefined && number !== last.number + 1) break;
    run.push({ number, bytes: value });
    bytes += value.length;
    if (bytes >= maximumBytes || run.length >= maximumEntries) break;
  }
  return run;
}

function lifeOf(machine: GroupMachine, id: ContextId): number | null {
  const record = machine.space.get(recordKey(id));
  return record === undefined ? null : decodeRecord(record).ordinal;
}
