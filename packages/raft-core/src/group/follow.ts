import { logIndex } from '../ids.js';
import type { LogIndex, NodeId } from '../ids.js';
import type {
  Append,
  AppendOutcome,
  CommitNotice,
  Heartbeat,
  HeartbeatResponse,
} from '../message/message.js';
import { hearLeader } from './election.js';
import type { GroupState } from './state.js';

export function onAppend(s: GroupState, m: Append): void {
  hearLeader(s, m.from);
  // Also while a snapshot is being received: a leader that is sending it ignores the answer, one that
  // gave up begins again.
  if (needsSnapshot(s)) {
    answer(s, m.from, { kind: 'needs_snapshot', atLeast: s.log.compacted.index });
    return;
  }
  if (m.prevIndex < s.log.commit) {
    // Late or repeated, perhaps from before the compacted prefix: what is committed here is the
    // leader's too.
    answer(s, m.from, { kind: 'accepted', index: s.log.commit });
    return;
  }
  if (!s.log.matches(m.prevIndex, m.prevTerm)) {
    const hint = s.log.lastIndexWithTermAtMost(m.prevIndex, m.prevTerm);
    answer(s, m.from, {
      kind: 'conflict',
      prevIndex: m.prevIndex,
      hintIndex: hint.index,
      hintTerm: hint.term,
    });
    return;
  }
  appendFrom(s, m);
  const last = logIndex(m.prevIndex + m.entries.length);
  s.log.commitTo(logIndex(Math.min(m.commit, last)));
  answer(s, m.from, { kind: 'accepted', index: last });
}

/**
 * Something is lost; or this replica joins, and does not know the membership before the first change in the log. With entries
 * alone it could come to lead without being able to make a snapshot, which others may need before anything is
 * committed again (seed 200199).
 */
export const needsSnapshot = (s: GroupState): boolean => s.lost !== 'none' || !s.confs.known;

/**
 * Takes over entries. Only a real conflict truncates: a late append that repeats the beginning of
 * what is there must not cut off what came after (section 5.3).
 */
function appendFrom(s: GroupState, m: Append): void {
  let skip = 0;
  for (const entry of m.entries) {
    if (!s.log.matches(entry.index, entry.term)) break;
    skip += 1;
  }
  const fresh = skip === 0 ? m.entries : m.entries.slice(skip);
  const first = fresh[0];
  if (first === undefined) return;
  if (first.index <= s.log.lastIndex) {
    retractAcks(s, first.index);
    s.log.truncate(first.index);
    s.confs.truncate(first.index);
  }
  s.log.append(fresh);
  for (const entry of fresh) {
    if (entry.type === 'config') s.confs.append(entry);
  }
}

/** An acknowledgement promises durability, so it waits for the write; a refusal may wait with it. */
export function answer(s: GroupState, to: NodeId, outcome: AppendOutcome): void {
  s.out.afterSync.push({
    type: 'append_response',
    group: s.options.group,
    from: s.self,
    to,
    term: s.term,
    incarnation: s.incarnation,
    outcome,
  });
}

/**
 * Entries from `from` on go before they were written: no acknowledgement may leave that says they are
 * durable, with a write that does not hold them (seed 1511).
 */
export function retractAcks(s: GroupState, from: LogIndex): void {
  s.out.afterSync.keep(
    (m) => m.type !== 'append_response' || m.outcome.kind !== 'accepted' || m.outcome.index < from,
  );
}

export function onHeartbeat(s: GroupState, m: Heartbeat): void {
  hearLeader(s, m.from);
  followCommit(s, m.commit);
  if (needsSnapshot(s) && s.install === null) {
    answer(s, m.from, { kind: 'needs_snapshot', atLeast: s.log.compacted.index });
  }
  // It says who leads, which binds this replica to nothing once its term is durable.
  (s.metaDirty ? s.out.afterSync : s.out.now).push(answerTo(s, m));
}

/** The same message as long as it says the same. */
function answerTo(s: GroupState, { from: to, round: asked }: Heartbeat): HeartbeatResponse {
  // A replica that forgot whom it voted for cannot vouch that this leader is the newest.
  const round = s.mayVote ? asked : 0;
  const { term, incarnation, self: from, beatAnswer: last } = s;
  if (last?.to === to && last.round === round && last.term === term) return last;
  const { group } = s.options;
  s.beatAnswer = { type: 'heartbeat_response', group, from, to, term, round, incarnation };
  return s.beatAnswer;
}

export function onCommitNotice(s: GroupState, m: CommitNotice): void {
  hearLeader(s, m.from);
  followCommit(s, m.commit);
}

/** The leader says `commit` only of entries that this replica acknowledged. */
function followCommit(s: GroupState, commit: LogIndex): void {
  if (s.lost !== 'none') return;
  if (commit <= s.log.lastIndex) {
    s.log.commitTo(commit);
    return;
  }
  // It acknowledged more than it has: its disk was replaced. It must not vote with what is left.
  if (commit > s.voteFrom) {
    s.voteFrom = commit;
    s.metaDirty = true;
  }
}
