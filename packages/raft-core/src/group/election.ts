import { assert } from '../errors.js';
import { term as toTerm } from '../ids.js';
import type { NodeId, Term } from '../ids.js';
import { isVoter, voters } from '../membership/conf-state.js';
import { quorumValue, voteResult } from '../membership/quorum.js';
import type { VoteRequest, VoteResponse } from '../message/message.js';
import { appendOwn } from './commit.js';
import { resetProgress } from './membership.js';
import { requeueReads } from './read-index.js';
import { stopTransfers } from './snapshot-send.js';
import type { GroupState } from './state.js';

/** How an election starts: with a pre-vote, or at once because the leader handed over. */
export type CampaignKind = 'ordinary' | 'transfer';

export function resetElectionDeadline(s: GroupState): void {
  setElectionDeadline(s, s.now < s.hurriedUntil ? hurryMs(s) : s.electionTimeoutMs);
}

function setElectionDeadline(s: GroupState, timeoutMs: number): void {
  s.electionDeadline = s.now + timeoutMs * (1 + s.options.random());
}

/** Well above what a round trip and a write take. */
const hurryMs = (s: GroupState): number => s.electionTimeoutMs / 10;

/**
 * No leader is there: the first election comes within a twentieth of an election timeout, and the next after one that was
 * lost about as soon. The voters go one after the other, a tenth of an election timeout apart, in another order for each
 * group: if all went at once, two would often be candidates before they hear of each other, each with its own vote, and
 * a third of the groups would wait for another term. The order is a hint. Whoever is first and cannot win is followed
 * by the next. Those who did not see the leader go are loyal to it and refuse; a candidate that then
 * waited an election timeout would leave the group without a leader for all of it. Pre-votes disturb
 * nobody, and after an election timeout the ordinary pace is back.
 */
export function hurryElection(s: GroupState, gone: NodeId | null): void {
  s.hurriedUntil = s.now + s.electionTimeoutMs;
  const turns = placeInLine(s, gone) + s.options.random() / 2;
  s.electionDeadline = Math.min(s.electionDeadline, s.now + turns * hurryMs(s));
}

/** Each voter's own, as long as they have the same configuration. */
function placeInLine(s: GroupState, gone: NodeId | null): number {
  const line = voters(s.confs.current).filter((node) => node !== gone);
  const at = line.indexOf(s.self);
  return at < 0 ? line.length : (at + s.options.group) % line.length;
}

/**
 * A replica may campaign that lacks nothing and is a voter of the newest configuration it has; or, as
 * long as that is not known to be committed, of the one before: without the replica that is to go, a
 * majority of the old one may not be there to finish the change (thesis 4.2.2). That one is committed, whether this
 * replica knows or not: only then the newest was proposed (seed 216590). Its own vote counts only if it is a voter of
 * the newest.
 */
export function mayCampaign(s: GroupState): boolean {
  if (s.lost !== 'none' || s.install !== null || !s.mayVote) return false;
  if (isVoter(s.confs.current, s.self)) return true;
  return s.confs.index > s.log.commit && isVoter(s.confs.previous, s.self);
}

export function becomeFollower(s: GroupState, term: Term, leader: NodeId | null): void {
  assert(term >= s.term, 'terms never go back');
  if (term > s.term) {
    s.term = term;
    s.vote = null;
    s.metaDirty = true;
  }
  stopTransfers(s);
  requeueReads(s);
  s.role = 'follower';
  s.leader = leader;
  s.votes.clear();
  s.ownVote = null;
  s.progress.clear();
  s.transfer = null;
  s.uncommitted.clear();
  s.heartbeatDeadline = Infinity;
  resetElectionDeadline(s);
}

/** The leader of this term speaks: follow it. */
export function hearLeader(s: GroupState, leader: NodeId): void {
  assert(s.role !== 'leader', 'a term has one leader');
  if (s.role !== 'follower' || s.leader !== leader) {
    // Elections are in a hurry only as long as no leader is known.
    s.hurriedUntil = -Infinity;
    becomeFollower(s, s.term, leader);
  }
  s.leaderHeardAt = s.now;
  // Drawn anew only when the old one comes near: this runs for every message.
  if (s.electionDeadline - s.now < s.electionTimeoutMs) resetElectionDeadline(s);
}

export function campaign(s: GroupState, kind: CampaignKind): void {
  if (s.role === 'leader' || !mayCampaign(s)) {
    resetElectionDeadline(s);
    return;
  }
  if (kind === 'transfer') {
    runForLeader(s, true);
    return;
  }
  // Clears the leader: a pre-candidate that still names it would keep refusing others for its sake
  // (etcd PR #8334).
  becomeFollower(s, s.term, null);
  s.leaderHeardAt = -Infinity;
  s.role = 'pre_candidate';
  s.votes.set(s.self, true);
  if (!decide(s)) requestVotes(s, true, false);
}

function runForLeader(s: GroupState, force: boolean): void {
  becomeFollower(s, toTerm(s.term + 1), null);
  s.leaderHeardAt = -Infinity;
  // A real election takes writes. A tie with one voter gone never ends by votes, so in a hurry it is
  // given up well before an election timeout.
  if (s.now < s.hurriedUntil) setElectionDeadline(s, 2 * hurryMs(s));
  s.role = 'candidate';
  s.vote = s.self;
  s.metaDirty = true;
  s.ownVote = { term: s.term, seq: null };
  requestVotes(s, false, force);
}

/**
 * Requests for real votes wait for the own term and vote to be durable: a candidate that forgot them
 * could win the same term twice and write two entries at one index and term.
 */
function requestVotes(s: GroupState, pre: boolean, force: boolean): void {
  const box = pre ? s.out.now : s.out.afterSync;
  for (const to of voters(s.confs.current)) {
    if (to !== s.self) box.push(voteRequest(s, to, pre, force));
  }
}

export function voteRequest(s: GroupState, to: NodeId, pre: boolean, force: boolean): VoteRequest {
  return {
    type: 'vote_request',
    group: s.options.group,
    from: s.self,
    to,
    term: s.term,
    pre,
    force,
    lastIndex: s.log.lastIndex,
    lastTerm: s.log.lastTerm,
    session: s.session,
  };
}

/** Ends the election where the votes decide it. */
function decide(s: GroupState): boolean {
  const result = voteResult(s.confs.current, s.votes);
  if (result === 'pending') return false;
  if (result === 'lost') becomeFollower(s, s.term, null);
  else if (s.role === 'pre_candidate') runForLeader(s, false);
  else becomeLeader(s);
  return true;
}

/** A write is durable: if it held the own vote, that counts now. */
export function countOwnVote(s: GroupState, seq: number): void {
  const own = s.ownVote;
  if (own === null || own.seq === null || own.seq > seq) return;
  s.ownVote = null;
  if (s.role !== 'candidate' || own.term !== s.term) return;
  s.votes.set(s.self, true);
  decide(s);
}

function becomeLeader(s: GroupState): void {
  assert(s.role === 'candidate', 'only a candidate becomes leader');
  assert(s.vote === s.self, 'a leader voted for itself');
  s.role = 'leader';
  s.leader = s.self;
  s.round = 0;
  s.rounds = [];
  s.heartbeatDeadline = s.now;
  s.electionDeadline = Infinity;
  s.hurriedUntil = -Infinity;
  resetProgress(s);
  // Something of this term must commit before anything older counts as committed (5.4.2, Figure 8).
  s.termStart = appendOwn(s, 'noop', new Uint8Array(0)).index;
}

/** Loyal to a live leader: others cannot disturb it (thesis 4.2.3, 6.4.1). */
function isLoyal(s: GroupState): boolean {
  if (s.role === 'leader') return true;
  return s.leader !== null && s.now - s.leaderHeardAt < s.electionTimeoutMs;
}

export function onVoteRequest(s: GroupState, m: VoteRequest): void {
  const loyal = isLoyal(s) && !m.force;
  if (m.pre) {
    const next = m.term >= s.term;
    const granted = next && !loyal && s.mayVote && s.log.isUpToDate(m.lastIndex, m.lastTerm);
    // In a hurry all campaign within a few milliseconds: who is asked first lets the other go first.
    if (granted && s.role === 'follower' && s.now < s.hurriedUntil) resetElectionDeadline(s);
    respond(s, m, granted);
    return;
  }
  if (m.term < s.term) {
    respond(s, m, false);
    return;
  }
  if (m.term > s.term) {
    // Not even the term is taken over: that alone would depose a leader with a live quorum.
    if (loyal) return;
    becomeFollower(s, m.term, null);
  }
  const free = s.vote === m.from || (s.vote === null && s.leader === null);
  const granted = free && s.mayVote && s.log.isUpToDate(m.lastIndex, m.lastTerm);
  if (granted) {
    if (s.vote !== m.from) {
      s.vote = m.from;
      s.metaDirty = true;
    }
    setElectionDeadline(s, s.electionTimeoutMs);
  }
  respond(s, m, granted);
}

/** Votes leave after they are durable; pre-votes promise nothing. */
function respond(s: GroupState, m: VoteRequest, granted: boolean): void {
  (m.pre ? s.out.now : s.out.afterSync).push({
    type: 'vote_response',
    group: s.options.group,
    from: s.self,
    to: m.from,
    term: s.term,
    pre: m.pre,
    granted,
    requestTerm: m.term,
    session: m.session,
  });
}

export function onVoteResponse(s: GroupState, m: VoteResponse): void {
  if (m.term > s.term) {
    // Also from a refused pre-vote: a replica with an old term can win nothing (openraft#1796).
    becomeFollower(s, m.term, null);
    return;
  }
  if (m.requestTerm !== s.term || s.role !== (m.pre ? 'pre_candidate' : 'candidate')) return;
  if (!s.votes.has(m.from)) s.votes.set(m.from, m.granted);
  decide(s);
}

function heardAt(s: GroupState, node: NodeId): number {
  return node === s.self ? s.now : (s.progress.get(node)?.activeAt ?? -Infinity);
}

/** CheckQuorum: a leader that a majority has not answered for an election timeout gives up. */
export function checkQuorum(s: GroupState): boolean {
  const heard = quorumValue(s.confs.current, s, heardAt);
  if (s.now - heard < s.electionTimeoutMs) return true;
  becomeFollower(s, s.term, null);
  return false;
}
