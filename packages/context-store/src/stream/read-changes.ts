import type { ContextId } from '../context/context-id.js';
import type { StoredContext } from '../context/context-record.js';
import type { LogSource } from '../paging/read-log.js';
import type { GroupMachine } from '../state/group-machine.js';
import { changeKey, changeRange, numberOfKey } from '../state/keys.js';
import { decodeEntry, windowLoad, type ChangeEntry } from './change-entry.js';
import { gapAfter } from './gap.js';
import { readLogged, type LoggedMessages } from './logged-messages.js';
import { standsDifferently } from './news.js';
import { resetPage } from './open-page.js';
import type { ChangesPage, StreamChange, StreamPosition } from './stream-change.js';

/** Versions of one page. */
const maximumVersions = 512;
/** Changes of one page: a version may have a thousand messages. */
const maximumChanges = 1_000;
/** Up to so many versions are read one by one, without a turn of the event loop. */
const fewVersions = 16;

interface NumberedEntry {
  readonly version: number;
  readonly entry: ChangeEntry;
}

/**
 * What comes after a position, as much as one page may have. The state is that of this call: an
 * append that comes while it reads is for the next page.
 * @throws StoreError `archive_unavailable` where the messages were trimmed and the archive is down
 */
export async function readChanges(
  source: LogSource,
  id: ContextId,
  position: StreamPosition,
  bodies: boolean,
): Promise<ChangesPage> {
  const { machine } = source;
  const context = machine.context(id);
  if (context === undefined) return gone(position);
  const { ordinal, version } = context.record;
  if (ordinal !== position.life || version < position.version) return resetPage(context);

  const entries = await entriesAfter(machine, ordinal, position.version, version);
  const missing = position.version < version && entries[0]?.version !== position.version + 1;
  const messages =
    missing || !bodies ? null : await readLogged(source, id, ordinal, seqsOf(entries, position));
  if (missing || messages === 'missing') {
    // Between the turns of this read the context may have been erased, which takes its messages.
    if (machine.context(id)?.record.ordinal !== ordinal) return gone(position);
    return gapAfter(source, id, context, position);
  }
  return pageOf(context, position, entries, messages);
}

const gone = (position: StreamPosition): ChangesPage => ({
  changes: [{ type: 'reset', version: position.version }],
  next: position,
  ended: true,
});

async function entriesAfter(
  machine: GroupMachine,
  ordinal: number,
  after: number,
  last: number,
): Promise<readonly NumberedEntry[]> {
  if (last - after > fewVersions) {
    const range = changeRange(ordinal, after + 1, Math.min(last, after + maximumVersions));
    const pairs = await machine.space.rangeArray(range);
    return pairs.map(([key, value]) => ({ version: numberOfKey(key), entry: decodeEntry(value) }));
  }
  const entries: NumberedEntry[] = [];
  for (let version = after + 1; version <= last; version += 1) {
    const value = machine.get(changeKey(ordinal, version));
    if (value !== undefined) entries.push({ version, entry: decodeEntry(value) });
  }
  return entries;
}

/** The messages that the entries speak of and that were not given yet. */
function seqsOf(entries: readonly NumberedEntry[], position: StreamPosition): { from: number; to: number } {
  const first = entries[0]?.entry;
  const last = entries.at(-1)?.entry;
  if (first === undefined || last === undefined) return { from: 1, to: 0 };
  const before = first.kind === 'append' ? first.lastSeq - first.count : first.lastSeq;
  return { from: before + position.messages + 1, to: last.lastSeq };
}

/** `messages` null: the bodies are left out. */
function pageOf(
  context: StoredContext,
  position: StreamPosition,
  entries: readonly NumberedEntry[],
  messages: LoggedMessages | null,
): ChangesPage {
  const changes: StreamChange[] = [];
  let at = position;
  for (const { version, entry } of entries) {
    if (version !== at.version + 1 || changes.length >= maximumChanges) return page(changes, at);
    if (entry.kind === 'append') {
      const given = giveMessages(changes, version, entry, at.messages, messages);
      if (given < entry.count) return page(changes, { ...at, messages: given });
    } else {
      changes.push({ type: 'compaction', version, range: entry.range, last: entry.load === null });
    }
    if (entry.load !== null) changes.push({ type: 'context', version, ...entry.load });
    at = { life: at.life, version, messages: 0, load: entry.load };
  }
  if (at.version < context.record.version) return page(changes, at);
  return pageAtEnd(context, changes, at);
}

/** Returns how many messages of the version are given now. */
function giveMessages(
  changes: StreamChange[],
  version: number,
  entry: Extract<ChangeEntry, { kind: 'append' }>,
  already: number,
  messages: LoggedMessages | null,
): number {
  const firstSeq = entry.lastSeq - entry.count + 1;
  for (let given = already; given < entry.count; given += 1) {
    if (changes.length >= maximumChanges) return given;
    const seq = firstSeq + given;
    const message = messages === null ? null : messages.bodies[seq - messages.fromSeq];
    if (message === undefined) return given;
    const last = given === entry.count - 1 && entry.load === null;
    changes.push({ type: 'message', version, seq, message, last });
  }
  return entry.count;
}

/** Everything is told but how the context stands. */
function pageAtEnd(context: StoredContext, changes: StreamChange[], at: StreamPosition): ChangesPage {
  const { record, profile } = context;
  if (!standsDifferently(context, at)) return page(changes, at);
  if (record.status === 'tombstoned') {
    changes.push({ type: 'tombstoned', version: record.version });
    return { changes, next: at, ended: true };
  }
  const load = windowLoad(record.window, profile);
  changes.push({ type: 'context', version: record.version, ...load });
  return page(changes, { ...at, load });
}

const page = (changes: readonly StreamChange[], next: StreamPosition): ChangesPage => ({
  changes,
  next,
  ended: false,
});
