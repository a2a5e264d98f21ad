import type { KeyOp } from '@fastpaca/log-storage';

import type { ContextWrite, StateReader } from '../state/change.js';
import { pendingKey } from '../state/keys.js';
import { encodePending } from './pending-entry.js';

/**
 * Keeps the queue of contexts with unarchived messages true to what a command changes, so that finding
 * them is a read from its front. A context gets a place with the first message that is not archived,
 * a new one behind all others when some are archived and more have come, and none when all are: an append
 * to a context that waits already costs nothing here.
 */
export function queueContexts(
  reader: StateReader,
  writes: readonly ContextWrite[],
  at: number,
): readonly ContextWrite[] {
  let place = reader.nextPlace();
  return writes.map((write) => {
    const moved = moveInQueue(reader, write, place, at);
    if (moved.context?.record.archive.place === place) place += 1;
    return moved;
  });
}

function moveInQueue(reader: StateReader, write: ContextWrite, free: number, at: number): ContextWrite {
  const before = reader.context(write.id)?.record;
  const after = write.context?.record;
  const old = before?.archive.place ?? 0;
  const waits = after !== undefined && after.lastSeq > after.archivedSeq;
  const stays = waits && old !== 0 && after.archivedSeq === before?.archivedSeq;
  if (stays || (!waits && old === 0)) return write;
  const ops: KeyOp[] = [...write.ops];
  if (old !== 0) ops.push({ type: 'del', key: pendingKey(old) });
  if (waits) {
    const value = encodePending({ id: write.id, since: write.pendingSince ?? at });
    ops.push({ type: 'put', key: pendingKey(free), value });
  }
  if (after === undefined || write.context === null) return { ...write, ops };
  const archive = { ...after.archive, place: waits ? free : 0 };
  return { ...write, ops, context: { ...write.context, record: { ...after, archive } } };
}
