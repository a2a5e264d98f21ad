import { logIndex } from '../ids.js';
import type { SnapshotChunk, SnapshotPosition } from '../message/message.js';
import { hearLeader, resetElectionDeadline } from './election.js';
import { answer, needsSnapshot, retractAcks } from './follow.js';
import { knowsTerms } from './lost-votes.js';
import type { GroupState, Install } from './state.js';

export function onSnapshotChunk(s: GroupState, m: SnapshotChunk): void {
  hearLeader(s, m.from);
  const key = `${m.from}/${m.term}/${m.id}`;
  if (s.install?.key === key) {
    onNextChunk(s, s.install, m);
    return;
  }
  if (!needsSnapshot(s) && isNotNeeded(s, m)) return;
  if (m.position.index < s.log.compacted.index) {
    // Older than the log here: to go back to it would forget what this replica acknowledged.
    answer(s, m.from, { kind: 'needs_snapshot', atLeast: s.log.compacted.index });
    return;
  }
  if (m.offset !== 0) {
    wantOffset(s, m, 0);
    return;
  }
  if (s.lost === 'log' && !knowsTerms(s, m)) return;
  // From here on the state machine is being replaced: there is no way back but a snapshot, this one
  // or one that supersedes it.
  if (s.lost === 'none') s.lost = 'state';
  const { id, position } = m;
  const voteFrom = s.lost === 'log' ? logIndex(Math.max(position.index, m.lastIndex)) : s.voteFrom;
  s.install = {
    key,
    id,
    leader: m.from,
    position,
    voteFrom,
    offset: 0,
    feeding: null,
    complete: false,
    last: null,
  };
  s.out.snapshots.push({ kind: 'restore', key, position });
  onNextChunk(s, s.install, m);
}

/** The log reaches as far as the snapshot: its entries say the same (hashicorp/raft#697). */
function isNotNeeded(s: GroupState, m: SnapshotChunk): boolean {
  const { index, term } = m.position;
  if (index > s.log.commit && !s.log.matches(index, term)) return false;
  if (index > s.log.commit) s.log.commitTo(index);
  answer(s, m.from, { kind: 'accepted', index: s.log.commit });
  return true;
}

function onNextChunk(s: GroupState, install: Install, m: SnapshotChunk): void {
  if (install.complete || install.feeding !== null) return;
  if (m.offset !== install.offset) {
    // One that comes again is answered again. One from further on is asked for only by who took what is before it: an earlier
    // process here, and a late copy of the first chunk began this transfer anew (seed 311457).
    wantOffset(s, m, m.offset < install.offset ? install.offset : 0);
    return;
  }
  if (m.done) {
    install.complete = true;
    install.last = { data: m.data, seq: null };
    beginLogAt(s, install);
    return;
  }
  install.feeding = m.data.length;
  s.out.snapshots.push({ kind: 'feed', key: install.key, data: m.data, done: false });
}

/**
 * The whole snapshot is here: the log begins at its position before the state machine is complete.
 * The other way round a crash between the two leaves a state machine at index 44 beside a log whose
 * entry 44 is another, which then passes for committed (seed 2420).
 */
function beginLogAt(s: GroupState, { position, voteFrom }: Install): void {
  const { index, term } = position;
  const keepsTail = s.lost === 'state' && index <= s.log.handed && s.log.matches(index, term);
  if (keepsTail) restartAt(s, position);
  else resetTo(s, position);
  if (s.lost === 'log') {
    // Whom it voted for in this term is forgotten with the log: it must not vote twice.
    s.vote ??= s.leader ?? s.self;
    s.voteFrom = voteFrom;
  }
  // The log is whole; what is missing is the state.
  s.lost = 'state';
  s.applyRead = null;
  s.metaDirty = true;
}

/** A write is durable: if the log begins at the snapshot with it, the state machine gets the rest. */
export function feedLast(s: GroupState, seq: number): void {
  const { install } = s;
  const last = install?.last ?? null;
  if (install === null || last === null || last.seq === null || last.seq > seq) return;
  install.last = null;
  s.out.snapshots.push({ kind: 'feed', key: install.key, data: last.data, done: true });
}

function wantOffset(s: GroupState, m: SnapshotChunk, offset: number): void {
  s.out.now.push({
    type: 'snapshot_response',
    group: s.options.group,
    from: s.self,
    to: m.from,
    term: s.term,
    id: m.id,
    offset,
  });
}

/** The state machine took the chunk: ask for the next one. */
export function chunkTaken(s: GroupState, key: string): void {
  const install = s.install;
  if (install?.key !== key || install.feeding === null) return;
  install.offset += install.feeding;
  install.feeding = null;
  if (install.complete) return;
  s.out.now.push({
    type: 'snapshot_response',
    group: s.options.group,
    from: s.self,
    to: install.leader,
    term: s.term,
    id: install.id,
    offset: install.offset,
  });
}

/** The state machine is the snapshot now, and the log begins there: the leader is told. */
export function snapshotRestored(s: GroupState, key: string): boolean {
  const { install } = s;
  if (install?.key !== key || !install.complete || install.last !== null) return false;
  s.install = null;
  s.lost = 'none';
  resetElectionDeadline(s);
  if (s.leader !== null && s.leader !== s.self)
    answer(s, s.leader, { kind: 'accepted', index: install.position.index });
  return true;
}

/**
 * The log holds the snapshot's last entry and goes on from it. The tail stays: this replica may have
 * acknowledged it, and a majority may stand on that.
 */
function restartAt(s: GroupState, { index, conf }: SnapshotPosition): void {
  s.log.restartAt(index);
  s.confs.restartAt(index, conf);
}

function resetTo(s: GroupState, position: SnapshotPosition): void {
  retractAcks(s, logIndex(position.index + 1));
  s.log.reset(position);
  // Also a configuration that was appended and never committed goes (openraft#1808).
  s.confs.reset(position.index, position.conf);
  s.resetPending = true;
}
