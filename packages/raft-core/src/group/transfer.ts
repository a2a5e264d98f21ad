import type { NodeId } from '../ids.js';
import { isVoter } from '../membership/conf-state.js';
import type { GroupState } from './state.js';

export type TransferStart = 'started' | 'not_leader' | 'not_a_voter';

/**
 * Hands leadership over (thesis 3.10): the leader takes no more proposals, brings `to` up to date, and
 * tells it to campaign. Given up after an election timeout.
 */
export function startTransfer(s: GroupState, to: NodeId): TransferStart {
  if (s.role !== 'leader') return 'not_leader';
  if (to === s.self || !isVoter(s.confs.current, to) || !s.progress.has(to)) return 'not_a_voter';
  s.transfer = { to, deadline: s.now + s.electionTimeoutMs, sent: false };
  advanceTransfer(s);
  return 'started';
}

/** Goes ahead once everything is committed and the target has it: no proposal is left in doubt. */
export function advanceTransfer(s: GroupState): void {
  const transfer = s.transfer;
  if (transfer === null || s.role !== 'leader' || transfer.sent) return;
  const progress = s.progress.get(transfer.to);
  if (progress === undefined) {
    s.transfer = null;
    return;
  }
  if (progress.match < s.log.lastIndex || s.log.commit < s.log.lastIndex) return;
  s.transfer = { ...transfer, sent: true };
  s.out.now.push({
    type: 'timeout_now',
    group: s.options.group,
    from: s.self,
    to: transfer.to,
    term: s.term,
  });
}

export function tickTransfer(s: GroupState): void {
  if (s.transfer !== null && s.now >= s.transfer.deadline) s.transfer = null;
}
