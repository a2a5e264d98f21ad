import type { LogIndex, NodeId } from '../ids.js';
import { quorumValue } from '../membership/quorum.js';
import type { ReadRequest, ReadResponse } from '../message/message.js';
import { ownTermCommitted } from './commit.js';
import { sendHeartbeats } from './replicate.js';
import type { GroupState, PendingRead } from './state.js';

/** A read of this node. False where too many wait. */
export function addRead(s: GroupState, id: number): boolean {
  if (s.reads.length >= s.limits.maxPendingReads) return false;
  s.reads.push({ kind: 'local', id });
  return true;
}

/** Moves reads on: into a heartbeat round of this leader, or to the leader this node follows. */
export function flushReads(s: GroupState): void {
  if (s.reads.length === 0) return;
  if (s.role === 'leader') startRound(s);
  else forwardReads(s);
}

/**
 * One round at a time, what arrives meanwhile shares the next. A leader that has not committed in its
 * term does not know yet what is committed, so its reads wait (etcd#7331; thesis 6.4). Every round has
 * a number of its own, so that an acknowledgement from before the read proves nothing (etcd#20418).
 */
function startRound(s: GroupState): void {
  if (!ownTermCommitted(s) || s.rounds.length > 0) return;
  s.round += 1;
  s.rounds.push({ round: s.round, index: s.log.commit, reads: s.reads });
  s.reads = [];
  sendHeartbeats(s);
  finishRounds(s);
}

/** Answers the rounds that a majority has acknowledged. */
export function finishRounds(s: GroupState): void {
  if (s.rounds.length === 0) return;
  const done = quorumValue(s.confs.current, s, roundOf);
  let next = s.rounds[0];
  while (next !== undefined && next.round <= done) {
    s.rounds.shift();
    release(s, next.index, next.reads);
    next = s.rounds[0];
  }
}

function roundOf(s: GroupState, node: NodeId): number {
  return node === s.self ? s.round : (s.progress.get(node)?.round ?? -1);
}

function release(s: GroupState, index: LogIndex, reads: readonly PendingRead[]): void {
  const local: number[] = [];
  for (const read of reads) {
    if (read.kind === 'local') local.push(read.id);
    else respond(s, read, index);
  }
  if (local.length > 0) s.out.readStates.push({ index, reads: local });
}

function respond(s: GroupState, read: Extract<PendingRead, { kind: 'remote' }>, index: LogIndex): void {
  s.out.now.push({
    type: 'read_response',
    group: s.options.group,
    from: s.self,
    to: read.from,
    term: s.term,
    session: read.session,
    id: read.id,
    index,
  });
}

function forwardReads(s: GroupState): void {
  if (s.leader === null || s.readRequest !== null) return;
  const reads = s.reads;
  s.reads = [];
  s.readIds += 1;
  s.readRequest = { id: s.readIds, reads, sentAt: s.now };
  s.out.now.push({
    type: 'read_request',
    group: s.options.group,
    from: s.self,
    to: s.leader,
    term: s.term,
    session: s.session,
    id: s.readIds,
  });
}

/** When a request counts as lost. */
export function readRetryAt(s: GroupState): number {
  return s.readRequest === null ? Infinity : s.readRequest.sentAt + s.heartbeatMs * 2;
}

/** A request or its answer was lost: ask again, under a new id. */
export function retryReads(s: GroupState): void {
  const request = s.readRequest;
  if (request === null || s.now < readRetryAt(s)) return;
  s.readRequest = null;
  s.reads = [...request.reads, ...s.reads];
}

export function onReadRequest(s: GroupState, m: ReadRequest): void {
  if (s.role !== 'leader' || s.reads.length >= s.limits.maxPendingReads) return;
  s.reads.push({ kind: 'remote', from: m.from, session: m.session, id: m.id });
}

export function onReadResponse(s: GroupState, m: ReadResponse): void {
  const request = s.readRequest;
  if (request === null || m.session !== s.session || m.id !== request.id) return;
  s.readRequest = null;
  release(s, m.index, request.reads);
}

/** Leadership changed: local reads start over with whoever leads next, others' ask again themselves. */
export function requeueReads(s: GroupState): void {
  const waiting = [...s.rounds.flatMap(({ reads }) => reads), ...(s.readRequest?.reads ?? []), ...s.reads];
  s.rounds = [];
  s.readRequest = null;
  s.reads = waiting.filter((read) => read.kind === 'local');
}

/** Reads of this node that nobody waits for any more. */
export function cancelReads(s: GroupState, ids: ReadonlySet<number>): void {
  const wanted = (read: PendingRead): boolean => read.kind !== 'local' || !ids.has(read.id);
  s.reads = s.reads.filter(wanted);
}
