import { logIndex } from '../ids.js';
import type { LogIndex } from '../ids.js';
import type { Entry } from '../log/entry.js';
import type { AppendResponse, Heartbeat, HeartbeatResponse } from '../message/message.js';
import { maybeCommit } from './commit.js';
import type { Progress } from './progress.js';
import { finishRounds } from './read-index.js';
import type { EntryRead } from './ready.js';
import { finishTransfer, onNeedsSnapshot, startSnapshot } from './snapshot-send.js';
import type { GroupState } from './state.js';
import { advanceTransfer } from './transfer.js';

/**
 * Brings every follower as far as limits allow. Called once per turn, so proposals of a turn share a
 * message. True where a commit notice waits for the next turn.
 */
export function replicate(s: GroupState): boolean {
  if (s.role !== 'leader') return false;
  let again = false;
  for (const progress of s.progress.all) {
    replicateTo(s, progress);
    if (progress.state !== 'snapshot' && noticeCommit(s, progress)) again = true;
  }
  return again;
}

function replicateTo(s: GroupState, progress: Progress): void {
  if (progress.state !== 'snapshot' && progress.next <= s.log.compacted.index) {
    // Also with a full window: nothing more of what it waits for will come.
    startSnapshot(s, progress);
    return;
  }
  if (progress.state === 'probe' && progress.next > s.log.lastIndex) probeEnd(s, progress);
  while (progress.next <= s.log.lastIndex && !progress.isPaused(s.limits)) {
    if (!sendEntries(s, progress)) break;
    if (progress.state === 'probe') break;
  }
}

/** Nothing to send, but what the follower holds is not known: ask with an append without entries. */
function probeEnd(s: GroupState, progress: Progress): void {
  if (progress.isPaused(s.limits) || progress.match >= s.log.lastIndex) return;
  sendAppend(s, progress, progress.next, []);
  progress.probeSent = true;
}

/**
 * Tells a follower that more is committed. Whoever proposed that often proposes again at once, and the
 * append then says it too: so a notice waits for one turn. True where it waits.
 */
function noticeCommit(s: GroupState, progress: Progress): boolean {
  const commit = progress.knownUpTo(s.log.commit);
  const news = commit > progress.sentCommit;
  // What this disk does not hold yet cannot be applied here, so nobody has an answer to propose after. The end
  // of that write makes a turn, and a heartbeat does not wait for it.
  if (news && s.log.stable < s.log.commit) return false;
  const waits = news && !progress.noticeWaits;
  progress.noticeWaits = waits;
  if (!news || waits) return waits;
  sendCommitNotice(s, progress, commit);
  return false;
}

/** Tells the others what is committed before the leader that knows it goes. */
export function announceCommit(s: GroupState): void {
  for (const progress of s.progress.all) {
    const commit = progress.knownUpTo(s.log.commit);
    if (commit > progress.sentCommit) sendCommitNotice(s, progress, commit);
  }
}

function sendCommitNotice(s: GroupState, progress: Progress, commit: LogIndex): void {
  progress.sentCommit = commit;
  const { term, self: from } = s;
  const { group } = s.options;
  s.out.now.push({ type: 'commit_notice', group, from, to: progress.node, term, commit });
}

/** Whether a turn of the group would send the follower anything. */
export function hasNewsFor(s: GroupState, progress: Progress): boolean {
  if (progress.state !== 'replicate' || progress.next <= s.log.lastIndex) return true;
  return progress.knownUpTo(s.log.commit) > progress.sentCommit && s.log.stable >= s.log.commit;
}

/** Sends the next entries, or asks the host to read them. False where nothing can be sent now. */
function sendEntries(s: GroupState, progress: Progress): boolean {
  const { next } = progress;
  const entries = s.log.cache.slice(next, s.log.lastIndex, s.limits.maxAppendBytes);
  if (entries === null) {
    progress.readPending = true;
    const to = logIndex(Math.min(s.log.cache.first - 1, s.log.lastIndex));
    s.out.entryReads.push({
      purpose: { kind: 'replicate', to: progress.node },
      from: next,
      to,
      maxBytes: s.limits.maxAppendBytes,
    });
    return false;
  }
  sendAppend(s, progress, next, entries);
  return true;
}

function sendAppend(s: GroupState, progress: Progress, next: LogIndex, entries: readonly Entry[]): void {
  const prevIndex = logIndex(next - 1);
  const prevTerm = s.log.termAt(prevIndex);
  if (prevTerm === null) return;
  const last = entries.at(-1)?.index ?? prevIndex;
  s.out.now.push({
    type: 'append',
    group: s.options.group,
    from: s.self,
    to: progress.node,
    term: s.term,
    prevIndex,
    prevTerm,
    entries,
    commit: s.log.commit,
  });
  progress.sentCommit = logIndex(Math.max(progress.sentCommit, Math.min(last, s.log.commit)));
  if (entries.length === 0) return;
  progress.sent(last, byteSum(entries));
}

function byteSum(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.data.length;
  return bytes;
}

/** Entries that storage was asked for. They are sent only if they still are what comes next (openraft#1795). */
export function onReplicateRead(s: GroupState, read: EntryRead, entries: readonly Entry[]): void {
  if (read.purpose.kind !== 'replicate') return;
  const progress = s.progress.get(read.purpose.to);
  if (s.role !== 'leader' || progress === undefined || !progress.readPending) return;
  progress.readPending = false;
  const first = entries[0];
  if (first?.index !== progress.next || progress.state === 'snapshot') return;
  if (!entries.every((entry) => s.log.matches(entry.index, entry.term))) return;
  sendAppend(s, progress, progress.next, entries);
}

export function onAppendResponse(s: GroupState, m: AppendResponse): void {
  const progress = s.role === 'leader' ? s.progress.get(m.from) : undefined;
  if (progress === undefined) return;
  noteAlive(s, progress, m.incarnation);
  switch (m.outcome.kind) {
    case 'accepted':
      onAccepted(s, progress, m.outcome.index);
      return;
    case 'conflict':
      onConflict(s, progress, m.outcome);
      return;
    case 'needs_snapshot':
      onNeedsSnapshot(s, progress, m.outcome.atLeast);
      return;
  }
}

function onAccepted(s: GroupState, progress: Progress, index: LogIndex): void {
  if (index > s.log.lastIndex) return;
  const news = progress.acknowledged(index);
  if (progress.state === 'snapshot') finishTransfer(s, progress);
  else if (progress.state === 'probe') progress.becomeReplicate();
  if (!news) return;
  maybeCommit(s);
  advanceTransfer(s);
}

function onConflict(
  s: GroupState,
  progress: Progress,
  conflict: { prevIndex: LogIndex; hintIndex: LogIndex; hintTerm: GroupState['term'] },
): void {
  // A late answer to an append that later ones have overtaken says nothing (openraft#1500).
  const stale =
    progress.state === 'replicate'
      ? conflict.prevIndex <= progress.match
      : progress.state !== 'probe' || conflict.prevIndex !== progress.next - 1;
  if (stale) return;
  const agreed = s.log.lastIndexWithTermAtMost(conflict.hintIndex, conflict.hintTerm);
  const next = logIndex(Math.min(agreed.index + 1, conflict.prevIndex));
  progress.becomeProbe(logIndex(Math.max(next, 1)));
}

export function sendHeartbeats(s: GroupState): void {
  for (const progress of s.progress.all) {
    const commit = progress.knownUpTo(s.log.commit);
    if (commit <= progress.sentCommit && heardLately(s, progress)) continue;
    if (commit > progress.sentCommit) progress.sentCommit = commit;
    s.out.now.push(heartbeatTo(s, progress, commit));
  }
}

function heartbeatTo(s: GroupState, progress: Progress, commit: LogIndex): Heartbeat {
  const { beat, node: to } = progress;
  const { term, round } = s;
  if (beat?.commit === commit && beat.round === round && beat.term === term) return beat;
  const { group } = s.options;
  progress.beat = { type: 'heartbeat', group, from: s.self, to, term, commit, round };
  return progress.beat;
}

/** A heartbeat interval has ended. */
export function tickHeartbeats(s: GroupState): void {
  sendHeartbeats(s);
  for (const progress of s.progress.all) progress.tick();
}

/**
 * Whether the follower heard of this leader in the interval that has just ended: it acknowledged entries that were sent in
 * it, or has all there is and answered the heartbeat before. It hears every two intervals at least, so there must be more of
 * them in an election timeout; and a round of reads needs its answers.
 */
function heardLately(s: GroupState, progress: Progress): boolean {
  if (progress.state !== 'replicate' || s.rounds.length > 0) return false;
  const answered = progress.beatAnswered && progress.match >= s.log.lastIndex && !allBeat(s);
  return (answered || progress.heardSinceTick) && s.electionTimeoutMs >= 4 * s.heartbeatMs;
}

/** The same intervals for all groups of a process: in the others it has nothing to send, and no answer wakes it. */
const allBeat = (s: GroupState): boolean => Math.floor(s.now / s.heartbeatMs) % 2 === 0;

export function onHeartbeatResponse(s: GroupState, m: HeartbeatResponse): void {
  const progress = s.role === 'leader' ? s.progress.get(m.from) : undefined;
  if (progress === undefined) return;
  noteAlive(s, progress, m.incarnation);
  progress.beatAnswered = true;
  if (m.round > progress.round) {
    progress.round = m.round;
    finishRounds(s);
  }
  if (progress.state === 'snapshot' || progress.match >= s.log.lastIndex) return;
  // The follower is there but has not acknowledged everything: a message or an answer may be lost. An
  // append without entries finds out, also when the in-flight window is full. What was sent since the tick
  // before may be on its way to the follower's disk.
  progress.probeSent = false;
  if (progress.state === 'replicate' && progress.match < progress.dueByTick)
    sendAppend(s, progress, progress.next, []);
}

/** A replica with another incarnation lost what the earlier one had acknowledged. */
function noteAlive(s: GroupState, progress: Progress, incarnation: string): void {
  progress.activeAt = s.now;
  if (progress.incarnation !== null && progress.incarnation !== incarnation) progress.forget(s.log.lastIndex);
  progress.incarnation = incarnation;
}

/** Messages to the peer may be lost: stop sending ahead. */
export function onUnreachable(progress: Progress): void {
  if (progress.state === 'replicate') progress.becomeProbe(logIndex(progress.match + 1));
}
