import { assert } from '../errors.js';
import { logIndex } from '../ids.js';
import type { LogIndex } from '../ids.js';
import type { Entry, EntryType } from '../log/entry.js';
import { quorumIndex } from '../membership/quorum.js';
import { onMembershipCommitted } from './membership.js';
import type { GroupState } from './state.js';
import { advanceTransfer } from './transfer.js';

/** A leader adds an entry of its term to its log; it goes out and to disk with the next turn. */
export function appendOwn(s: GroupState, type: EntryType, data: Uint8Array): Entry {
  assert(s.role === 'leader', 'only a leader appends on its own');
  const entry: Entry = { index: logIndex(s.log.lastIndex + 1), term: s.term, type, data };
  s.log.push(entry);
  s.uncommitted.push(data.length);
  return entry;
}

/**
 * Commits what a majority holds durably. Only entries of the own term are counted; older ones commit
 * with them (5.4.2). Figure 8 of the paper is the counter-example: an entry of an earlier term on a
 * majority can still be overwritten by a leader that has a later one.
 */
export function maybeCommit(s: GroupState): void {
  // Most acknowledgements come from the slower half of the replicas: nothing is left to commit.
  if (s.role !== 'leader' || s.log.commit === s.log.lastIndex) return;
  const index = quorumIndex(s.confs.current, s, matchOf);
  if (index <= s.log.commit || s.log.termAt(index) !== s.term) return;
  const first = Math.max(s.log.commit + 1, s.termStart);
  s.log.commitTo(index);
  s.uncommitted.shift(index - first + 1);
  onMembershipCommitted(s);
  advanceTransfer(s);
}

/** The leader counts itself by what its own disk has: a lone voter must not outrun its fsync (etcd#14370). */
function matchOf(s: GroupState, node: GroupState['self']): LogIndex {
  return node === s.self ? s.log.stable : (s.progress.get(node)?.match ?? logIndex(0));
}

/** Whether this leader has committed an entry of its term: from then on its commit index is true. */
export function ownTermCommitted(s: GroupState): boolean {
  return s.role === 'leader' && s.log.commit >= s.termStart;
}
