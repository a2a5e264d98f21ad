import type { ConfState, LogIndex, MemberChange, NodeId, PeerStatus } from '@fastpaca/raft-core';

/** A group as its leader sees it. */
export interface LedGroup {
  readonly conf: ConfState;
  readonly commit: LogIndex;
  readonly peers: readonly PeerStatus[];
}

export interface Target {
  readonly voters: readonly NodeId[];
  /** Get the log and have no vote. Only the system group has some that stay. */
  readonly learners: readonly NodeId[];
}

export type Step =
  | { readonly kind: 'settled' }
  /** Something is under way: a change, or a learner that catches up. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'change'; readonly changes: readonly MemberChange[] }
  /** This leader is to go: one that stays takes over, then removes it. */
  | { readonly kind: 'hand_over'; readonly to: NodeId };

/** Entries that a learner may lack and still count as caught up: the rest follows within one frame. */
const closeEntries = 256;
const silentMs = 3_000;

/**
 * What the leader of a group does next to bring its members to the target: a new replica learns first,
 * then votes, and only then the old one goes.
 */
export function nextStep(self: NodeId, group: LedGroup, target: Target): Step {
  const { conf } = group;
  if (conf.votersOutgoing.length > 0) return { kind: 'wait' };
  const wanted = [...target.voters, ...target.learners];
  const unknown = wanted.filter((node) => !conf.voters.includes(node) && !conf.learners.includes(node));
  if (unknown.length > 0) return change('add_learner', unknown);
  const missing = target.voters.filter((node) => !conf.voters.includes(node));
  const caughtUp = missing.filter((node) => isClose(group, node));
  const extra = conf.voters.filter((node) => !target.voters.includes(node));
  const idle = conf.learners.filter((node) => !wanted.includes(node));
  if (caughtUp.length > 0) return change('add_voter', caughtUp.slice(0, 1));
  if (missing.length > 0) return { kind: 'wait' };
  if (extra.includes(self)) {
    const heir = target.voters.find((node) => isClose(group, node));
    return heir === undefined ? { kind: 'wait' } : { kind: 'hand_over', to: heir };
  }
  const [leaving] = extra;
  if (leaving !== undefined) {
    return change(target.learners.includes(leaving) ? 'add_learner' : 'remove', [leaving]);
  }
  return idle.length > 0 ? change('remove', idle) : { kind: 'settled' };
}

/** Whether a replica has nearly all of the log, and answers. */
export function isClose({ peers, commit }: LedGroup, node: NodeId): boolean {
  const peer = peers.find((each) => each.node === node);
  if (peer === undefined || peer.silentMs > silentMs) return false;
  return peer.state === 'replicate' && peer.match + closeEntries >= commit;
}

const change = (kind: MemberChange['kind'], nodes: readonly NodeId[]): Step => ({
  kind: 'change',
  changes: nodes.map((node) => ({ kind, node })),
});
