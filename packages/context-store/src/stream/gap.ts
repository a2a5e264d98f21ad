import type { ContextId } from '../context/context-id.js';
import type { ContextRecord, StoredContext } from '../context/context-record.js';
import type { LogSource } from '../paging/read-log.js';
import type { GroupMachine } from '../state/group-machine.js';
import { changeKey, changeRange, numberOfKey } from '../state/keys.js';
import { decodeEntry, type ChangeEntry } from './change-entry.js';
import type { ChangesPage, StreamPosition } from './stream-change.js';

/**
 * Says which versions nothing holds any more, and goes on with the first one that can be replayed: its
 * messages were trimmed and no archive has them, or the directory is older than the change index.
 */
export async function gapAfter(
  source: LogSource,
  id: ContextId,
  { record }: StoredContext,
  position: StreamPosition,
): Promise<ChangesPage> {
  const { machine } = source;
  const { ordinal, version } = record;
  const expected = position.version + 1;
  const [indexed] = await machine.space.rangeArray({ ...changeRange(ordinal, expected, version), limit: 1 });
  const first = indexed === undefined ? version + 1 : numberOfKey(indexed[0]);
  // Where the index has the expected version, its messages are what is missing.
  const actual = await firstReplayable(source, id, record, Math.max(first, expected + 1));
  return {
    changes: [{ type: 'gap', version: actual - 1, expected, actual }],
    next: { life: position.life, version: actual - 1, messages: 0, load: null },
    ended: false,
  };
}

/** The first version from `from` on all of whose messages, and those after them, are there. */
async function firstReplayable(
  { machine, archive }: LogSource,
  id: ContextId,
  record: ContextRecord,
  from: number,
): Promise<number> {
  const { ordinal, version: last, archive: progress } = record;
  if (from > last) return last + 1;
  const seqAfter = seqBefore(entryAt(machine, ordinal, from)) + 1;
  const trimmedTo = progress.localFrom - 1;
  const seq =
    archive === null || seqAfter > trimmedTo
      ? Math.max(seqAfter, progress.localFrom)
      : await archive.firstHeld(id, record, seqAfter, trimmedTo);
  // The first version before which no missing message lies: versions are in the order of their seqs.
  let low = from;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (seqBefore(entryAt(machine, ordinal, middle)) >= seq - 1) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The last message before the change. */
const seqBefore = (entry: ChangeEntry): number =>
  entry.kind === 'append' ? entry.lastSeq - entry.count : entry.lastSeq;

function entryAt(machine: GroupMachine, ordinal: number, version: number): ChangeEntry {
  const bytes = machine.get(changeKey(ordinal, version));
  if (bytes === undefined) throw new Error(`The change index misses version ${version}.`);
  return decodeEntry(bytes);
}
