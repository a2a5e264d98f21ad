import type { ConfState } from '../log/entry.js';
import { logIndex } from '../ids.js';
import type { LogIndex, NodeId } from '../ids.js';

export type VoteResult = 'won' | 'lost' | 'pending';

/** The state is passed on, so that no acknowledgement makes a function. */
type ValueOf<Of> = (of: Of, node: NodeId) => number;

/**
 * The largest value that a majority of both halves has reached. Sorting comes first: counting in
 * arrival order commits on less than a quorum (openraft#1802).
 */
export function quorumValue<Of>(conf: ConfState, of: Of, valueOf: ValueOf<Of>): number {
  const incoming = majorityValue(conf.voters, of, valueOf);
  if (conf.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityValue(conf.votersOutgoing, of, valueOf));
}

export function quorumIndex<Of>(
  conf: ConfState,
  of: Of,
  matchOf: (of: Of, node: NodeId) => LogIndex,
): LogIndex {
  return logIndex(quorumValue(conf, of, matchOf));
}

function majorityValue<Of>(voters: readonly NodeId[], of: Of, valueOf: ValueOf<Of>): number {
  const [first, second, third] = voters;
  if (first === undefined) return 0;
  if (voters.length === 1) return valueOf(of, first);
  if (voters.length === 3 && second !== undefined && third !== undefined) {
    return medianOf(valueOf(of, first), valueOf(of, second), valueOf(of, third));
  }
  const values = voters.map((node) => valueOf(of, node)).sort((a, b) => b - a);
  return values[Math.floor(voters.length / 2)] ?? 0;
}

/** What sorting gives for the usual three, on a path that every acknowledgement takes. */
function medianOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** Whether an election is decided. Without voters nothing can be won. */
export function voteResult(conf: ConfState, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  const incoming = majorityResult(conf.voters, votes);
  if (conf.votersOutgoing.length === 0) return incoming;
  const outgoing = majorityResult(conf.votersOutgoing, votes);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}

function majorityResult(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  const needed = Math.floor(voters.length / 2) + 1;
  let granted = 0;
  let refused = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted += 1;
    else if (vote === false) refused += 1;
  }
  if (voters.length > 0 && granted >= needed) return 'won';
  return voters.length - refused < needed ? 'lost' : 'pending';
}
