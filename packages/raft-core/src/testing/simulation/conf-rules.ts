import type { NodeId } from '../../ids.js';
import type { ConfState } from '../../log/entry.js';

/** Whether the nodes for which `holds` is true decide for the configuration: both majorities in a joint one. */
export function isQuorum(conf: ConfState, holds: (node: NodeId) => boolean): boolean {
  return majority(conf.voters, holds) && majority(conf.votersOutgoing, holds);
}

function majority(voters: readonly NodeId[], holds: (node: NodeId) => boolean): boolean {
  if (voters.length === 0) return true;
  let count = 0;
  for (const voter of voters) if (holds(voter)) count += 1;
  return count * 2 > voters.length;
}

/** Null where `next` may follow `previous`, else what is wrong with it (thesis 4.1 and 4.3). */
export function confStepProblem(previous: ConfState, next: ConfState): string | null {
  if (next.voters.length === 0) return 'there is no voter';
  if (next.learners.some((node) => next.voters.includes(node) || next.votersOutgoing.includes(node))) {
    return 'a voter is a learner too';
  }
  if (next.learnersNext.some((node) => !next.votersOutgoing.includes(node))) {
    return 'a learner-to-be is not an outgoing voter';
  }
  // A replica that came in later has not seen the first configuration, which is in no entry.
  if (previous.voters.length === 0) return null;
  const wasJoint = previous.votersOutgoing.length > 0;
  const isJoint = next.votersOutgoing.length > 0;
  if (wasJoint && isJoint) return 'a joint configuration follows a joint one';
  if (wasJoint)
    return sameNodes(previous.voters, next.voters)
      ? null
      : 'leaving the joint configuration changes its voters';
  if (isJoint)
    return sameNodes(previous.voters, next.votersOutgoing)
      ? null
      : 'the outgoing voters are not the previous voters';
  const changed = difference(previous.voters, next.voters) + difference(next.voters, previous.voters);
  return changed <= 1 ? null : `${changed} voters change at once without a joint configuration`;
}

function difference(a: readonly NodeId[], b: readonly NodeId[]): number {
  return a.filter((node) => !b.includes(node)).length;
}

function sameNodes(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && difference(a, b) === 0;
}
