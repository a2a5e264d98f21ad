import type { ContextId } from '../context/context-id.js';
import type { GroupMachine } from '../state/group-machine.js';
import { idOfKey, recordRange } from '../state/keys.js';
import { least } from './merge-pages.js';

export interface FoundRecord {
  readonly id: ContextId;
  /** As stored. */
  readonly record: Uint8Array;
  readonly machine: GroupMachine;
}

/** The records of one group, read some at a time. */
interface Source {
  readonly machine: GroupMachine;
  found: FoundRecord[];
  /** Reading goes on behind this id. */
  after: ContextId | null;
  ended: boolean;
}

/**
 * The records of all groups in the order of their ids, in sorted runs. Groups are read at once, a
 * few records each: 256 groups give a page of 100 in one round.
 */
export async function* mergeRecords(
  machines: readonly GroupMachine[],
  query: { readonly prefix: string; readonly after: ContextId | null; readonly limit: number },
): AsyncGenerator<readonly FoundRecord[], void, undefined> {
  const chunk = Math.ceil(query.limit / machines.length) * 2 + 2;
  const sources = machines.map((machine): Source => ({
    machine,
    found: [],
    after: query.after,
    ended: false,
  }));
  for (;;) {
    const short = sources.filter(({ ended, found }) => !ended && found.length < chunk / 2);
    await Promise.all(short.map((source) => read(source, query.prefix, chunk)));
    // What a group has not given yet comes after the last it gave: up to the least of these, all is known.
    const bound = least(sources.filter(({ ended }) => !ended).map(({ after }) => after));
    const run: FoundRecord[] = [];
    for (const source of sources) {
      let count = 0;
      for (const found of source.found) {
        if (bound !== null && found.id > bound) break;
        run.push(found);
        count += 1;
      }
      source.found = source.found.slice(count);
    }
    yield run.sort((a, b) => (a.id < b.id ? -1 : 1));
    if (bound === null) return;
  }
}

async function read(source: Source, prefix: string, chunk: number): Promise<void> {
  const { machine } = source;
  const pairs = await machine.space.rangeArray({ ...recordRange(prefix, source.after), limit: chunk });
  for (const [key, record] of pairs) {
    const id = idOfKey(key);
    source.found.push({ id, record, machine });
    source.after = id;
  }
  source.ended = pairs.length < chunk;
}
