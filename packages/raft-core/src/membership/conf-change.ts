import type { ConfState } from '../log/entry.js';
import type { NodeId } from '../ids.js';
import { emptyConf, isJoint } from './conf-state.js';

export interface MemberChange {
  /** A voter that becomes a learner is `add_learner`; `remove` takes out either. */
  readonly kind: 'add_voter' | 'add_learner' | 'remove';
  readonly node: NodeId;
}

/**
 * A change of membership, applied as a whole. More than one change of voters goes through a joint
 * configuration (section 6 of the paper) that is left by itself.
 */
export interface ConfChange {
  readonly changes: readonly MemberChange[];
}

/** The configuration to append, or null where the change makes no sense on `conf`. */
export function changeConf(conf: ConfState, change: ConfChange): ConfState | null {
  if (isJoint(conf) || change.changes.length === 0) return null;
  const voters = new Set(conf.voters);
  const learners = new Set(conf.learners);
  const seen = new Set<NodeId>();
  for (const { kind, node } of change.changes) {
    if (seen.has(node)) return null;
    seen.add(node);
    voters.delete(node);
    learners.delete(node);
    if (kind === 'add_voter') voters.add(node);
    if (kind === 'add_learner') learners.add(node);
  }
  if (voters.size === 0) return null;
  const differing = [...voters].filter((node) => !conf.voters.includes(node)).length;
  const leaving = conf.voters.filter((node) => !voters.has(node)).length;
  const next = { ...emptyConf, voters: [...voters].sort() };
  if (differing + leaving <= 1) return { ...next, learners: [...learners].sort() };
  // A voter of the outgoing half stays one until the joint configuration is left: a node that is
  // voter and learner at once would be counted in one half and not in the other.
  const demoted = [...learners].filter((node) => conf.voters.includes(node));
  return {
    ...next,
    votersOutgoing: conf.voters,
    learners: [...learners].filter((node) => !conf.voters.includes(node)).sort(),
    learnersNext: demoted.sort(),
    autoLeave: true,
  };
}
