import type { GroupStatus, Role } from '@fastpaca/raft-core';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** What this node does, for metrics. */
export interface ReplicaStatus {
  /** Groups by what this node is in them. */
  readonly groups: Readonly<Record<Role | 'damaged', number>>;
  /** The highest term of any group. */
  readonly maxTerm: number;
  /** Entries that are committed and not applied here yet, of all groups. */
  readonly applyLag: number;
  /** Appends and the like that wait for their outcome. */
  readonly pendingProposals: number;
  /** Bytes of state that the next write makes durable. */
  readonly stagedBytes: number;
  /** Bytes of contexts and windows in memory. */
  readonly cacheBytes: number;
}

export function readinessOf(statuses: readonly GroupStatus[]): Readiness {
  for (const { group, health, role, ready, leader, reason } of statuses) {
    if (health !== 'healthy') {
      return { ready: false, reason: `Group ${group} is ${health}: ${reason ?? 'it waits for a snapshot'}.` };
    }
    if (leader === null || (role === 'leader' && !ready)) {
      return { ready: false, reason: `Group ${group} has no leader yet.` };
    }
  }
  return { ready: true };
}

export function statusOf(
  statuses: readonly GroupStatus[],
  stagedBytes: number,
  cacheBytes: number,
): ReplicaStatus {
  const groups = { leader: 0, follower: 0, candidate: 0, pre_candidate: 0, damaged: 0 };
  let maxTerm = 0;
  let applyLag = 0;
  let pendingProposals = 0;
  for (const status of statuses) {
    groups[status.health === 'healthy' ? status.role : 'damaged'] += 1;
    maxTerm = Math.max(maxTerm, status.term);
    applyLag += status.commit - status.applied;
    pendingProposals += status.pendingProposals;
  }
  return { groups, maxTerm, applyLag, pendingProposals, stagedBytes, cacheBytes };
}
