import { logIndex } from '../ids.js';
import type { LogIndex, NodeId } from '../ids.js';
import type { SnapshotResponse } from '../message/message.js';
import type { Progress } from './progress.js';
import type { GroupState } from './state.js';

/** Election timeouts without a sign of life after which a transfer is given up. */
const PATIENCE = 10;

/** A chunk as the host read it from the state machine's copy. */
export interface ChunkToSend {
  /** The applied index that the copy reflects. */
  readonly index: LogIndex;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly done: boolean;
}

/** The follower needs what is compacted away. Only for one that is there: a copy is held for it. */
export function startSnapshot(s: GroupState, progress: Progress): void {
  if (s.now - progress.activeAt >= s.electionTimeoutMs) return;
  if (s.confs.at(s.log.applied).voters.length === 0) return;
  s.snapshotIds += 1;
  progress.becomeSnapshot(s.snapshotIds, s.now);
  s.out.snapshots.push({ kind: 'send', to: progress.node, id: s.snapshotIds, offset: 0 });
}

export function onNeedsSnapshot(s: GroupState, progress: Progress, atLeast: LogIndex): void {
  const index = progress.transfer?.index ?? null;
  if (progress.state === 'snapshot') {
    if (index !== null && index < atLeast) abandon(s, progress);
    return;
  }
  progress.forget(s.log.lastIndex);
  startSnapshot(s, progress);
}

/** The host supplies the chunk it was asked for; null where it cannot, to begin again later. */
export function sendChunk(s: GroupState, to: NodeId, id: number, chunk: ChunkToSend | null): void {
  const progress = s.progress.get(to);
  const transfer = progress?.transfer ?? null;
  if (s.role !== 'leader' || progress === undefined || transfer?.id !== id) {
    s.out.snapshots.push({ kind: 'stop_sending', to, id });
    return;
  }
  transfer.awaitingHost = false;
  const term = chunk === null ? null : s.log.termAt(chunk.index);
  if (chunk === null || term === null) {
    // Null, or compaction has passed the copy: the follower would need the next one at once.
    abandon(s, progress);
    return;
  }
  transfer.index = chunk.index;
  transfer.movedAt = s.now;
  s.out.now.push({
    type: 'snapshot_chunk',
    group: s.options.group,
    from: s.self,
    to,
    term: s.term,
    id,
    position: { index: chunk.index, term, conf: s.confs.at(chunk.index) },
    offset: chunk.offset,
    data: chunk.data,
    done: chunk.done,
    lastIndex: s.log.lastIndex,
  });
}

/** Back to probing; the transfer starts anew when the follower answers. */
function abandon(s: GroupState, progress: Progress): void {
  stopTransfer(s, progress);
  progress.becomeProbe(logIndex(progress.match + 1));
  progress.probeSent = true;
}

export function onSnapshotResponse(s: GroupState, m: SnapshotResponse): void {
  const progress = s.role === 'leader' ? s.progress.get(m.from) : undefined;
  const transfer = progress?.transfer ?? null;
  if (progress === undefined || transfer?.id !== m.id) return;
  progress.activeAt = s.now;
  if (transfer.awaitingHost || m.offset === transfer.offset) return;
  if (m.offset < transfer.offset) {
    // A repeated answer; or, at 0, a receiver that has lost what it had: the copy cannot be rewound.
    if (m.offset === 0) abandon(s, progress);
    return;
  }
  transfer.offset = m.offset;
  askChunk(s, progress);
}

function askChunk(s: GroupState, progress: Progress): void {
  const transfer = progress.transfer;
  if (transfer === null) return;
  transfer.awaitingHost = true;
  transfer.movedAt = s.now;
  s.out.snapshots.push({ kind: 'send', to: progress.node, id: transfer.id, offset: transfer.offset });
}

/** Sends a chunk again that was not answered, and gives up on a receiver that is gone. */
export function tickSnapshots(s: GroupState): void {
  for (const progress of s.progress.all) {
    const { transfer } = progress;
    if (transfer === null || transfer.awaitingHost) continue;
    if (s.now - progress.activeAt >= s.electionTimeoutMs * PATIENCE) abandon(s, progress);
    else if (s.now - transfer.movedAt >= s.electionTimeoutMs) askChunk(s, progress);
  }
}

/** The follower acknowledged: if that covers the snapshot, its log goes on from there. */
export function finishTransfer(s: GroupState, progress: Progress): void {
  const { transfer } = progress;
  if (transfer === null || transfer.index === null) return;
  if (progress.match < transfer.index || progress.match < s.log.compacted.index) return;
  stopTransfer(s, progress);
  progress.becomeReplicate();
}

export function stopTransfer(s: GroupState, progress: Progress): void {
  if (progress.transfer === null) return;
  s.out.snapshots.push({ kind: 'stop_sending', to: progress.node, id: progress.transfer.id });
  progress.transfer = null;
}

export function stopTransfers(s: GroupState): void {
  for (const progress of s.progress.all) stopTransfer(s, progress);
}

/** The log is kept from here on: a follower that gets a snapshot needs what comes after it. */
export function snapshotFloor(s: GroupState): LogIndex {
  let floor = Infinity;
  for (const { transfer } of s.progress.all) {
    if (transfer !== null) floor = Math.min(floor, transfer.index ?? s.log.compacted.index);
  }
  return logIndex(floor === Infinity ? s.log.lastIndex : floor);
}
