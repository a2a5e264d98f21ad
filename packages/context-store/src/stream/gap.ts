import type { StoredContext } from '../context/context-record.js';
import type { GroupMachine } from '../state/group-machine.js';
import { changeKey, changeRange, messageRange, numberOfKey } from '../state/keys.js';
import { decodeEntry, type ChangeEntry } from './change-entry.js';
import type { ChangesPage, StreamPosition } from './stream-change.js';

/**
 * Says which versions nothing holds any more, and goes on with the first one that can be replayed: its
 * messages were trimmed and no archive has them, or the directory is older than the change index.
 */
export async function gapAfter(
  machine: GroupMachine,
  { record }: StoredContext,
  position: StreamPosition,
): Promise<ChangesPage> {
  const { ordinal, version } = record;
  const expected = position.version + 1;
  const [indexed] = await machine.space.rangeArray({ ...changeRange(ordinal, expected, version), limit: 1 });
  const first = indexed === undefined ? version + 1 : numberOfKey(indexed[0]);
  // Where the index has the expected version, its messages are what is missing.
  const actual = await firstReplayable(machine, ordinal, Math.max(first, expected + 1), version);
  return {
    changes: [{ type: 'gap', version: actual - 1, expected, actual }],
    next: { life: position.life, version: actual - 1, messages: 0, load: null },
    ended: false,
  };
}

/** The first version from `from` on all of whose messages, and those after them, are there. */
async function firstReplayable(
  machine: GroupMachine,
  ordinal: number,
  from: number,
  last: number,
): Promise<number> {
  if (from > last) return last + 1;
  const seqAfter = seqBefore(entryAt(machine, ordinal, from)) + 1;
  const lastSeq = entryAt(machine, ordinal, last).lastSeq;
  const [found] = await machine.space.rangeArray({ ...messageRange(ordinal, seqAfter, lastSeq), limit: 1 });
  const seq = found === undefined ? lastSeq + 1 : numberOfKey(found[0]);
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
