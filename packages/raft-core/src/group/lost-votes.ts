import type { NodeId } from '../ids.js';
import type { ConfState } from '../log/entry.js';
import type { SnapshotChunk, VoteResponse } from '../message/message.js';
import { voteRequest } from './election.js';
import { onSnapshotChunk } from './snapshot-receive.js';
import type { GroupState } from './state.js';

// A replica that lost its log has forgotten its votes too, perhaps one in a term that its leader has not
// heard of: that vote may still be on its way, and a second one in the same term makes a second leader
// (simulation seed 1823). Whoever it voted for was in that term then, and is in one as late now. So
// before it believes a snapshot, each other voter tells its term, in answer to a pre-vote that cannot be
// granted; the newest term is taken over, with the vote in it spent.

function strangers(s: GroupState, conf: ConfState): NodeId[] {
  const voters = new Set([...conf.voters, ...conf.votersOutgoing]);
  return [...voters].filter((node) => node !== s.self && !s.heardTerms.has(node));
}

/** Whether the first chunk may be taken. Otherwise it is kept until the other voters have answered. */
export function knowsTerms(s: GroupState, m: SnapshotChunk): boolean {
  const missing = strangers(s, m.position.conf);
  if (missing.length === 0) return true;
  s.heldChunk = m;
  for (const to of missing) s.out.now.push(voteRequest(s, to, true, false));
  return false;
}

/** A voter has told its term to this process, not to an earlier one. */
export function noteTerm(s: GroupState, m: VoteResponse): void {
  if (s.lost !== 'log' || m.session !== s.session) return;
  s.heardTerms.add(m.from);
  const held = s.heldChunk;
  if (held === null || strangers(s, held.position.conf).length > 0) return;
  s.heldChunk = null;
  // In a later term another leader sends its own.
  if (held.term === s.term) onSnapshotChunk(s, held);
}
