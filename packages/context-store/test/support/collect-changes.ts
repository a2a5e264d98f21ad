import type { ContextStore, StreamChange, StreamPosition } from '../../src/index.js';
import type { ArchiveReader } from '../../src/archive/archive-reader.js';
import type { GroupMachine } from '../../src/state/group-machine.js';
import { contextId } from '../../src/context/context-id.js';
import { findContext } from '../../src/context/find-context.js';
import { openPage } from '../../src/stream/open-page.js';
import { readChanges } from '../../src/stream/read-changes.js';
import { hasNews } from '../../src/stream/news.js';

/** A change with its message as the seq and the id in it, so that it can be compared and read. */
export type ShownChange = Record<string, unknown>;

export function shown(change: StreamChange): ShownChange {
  if (change.type !== 'message' || change.message === null) return { ...change };
  const { seq, parts } = JSON.parse(Buffer.from(change.message).toString()) as {
    seq: number;
    parts: { text?: string }[];
  };
  return { ...change, message: `${seq}:${parts[0]?.text ?? ''}` };
}

/** All there is after a cursor, and where the reader then stands. */
export async function changesOf(
  store: ContextStore,
  id: string,
  cursor?: number,
): Promise<{ changes: StreamChange[]; next: StreamPosition; ended: boolean }> {
  let page = await store.openStream(id, cursor === undefined ? {} : { cursor });
  const changes = [...page.changes];
  for (;;) {
    page = await store.changes(id, page.next, { waitMs: 0 });
    changes.push(...page.changes);
    if (page.ended || page.changes.length === 0) return { changes, next: page.next, ended: page.ended };
  }
}

/** The same from a machine. */
export async function changesOfMachine(
  machine: GroupMachine,
  name: string,
  cursor: number,
  archive: ArchiveReader | null = null,
): Promise<StreamChange[]> {
  const id = contextId(name);
  let page = openPage(machine, findContext(machine, id).context, cursor);
  const changes = [...page.changes];
  while (!page.ended && hasNews(machine, id, page.next)) {
    page = await readChanges({ machine, archive }, id, page.next, true);
    changes.push(...page.changes);
  }
  return changes;
}
