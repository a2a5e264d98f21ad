import { setTimeout as delay } from 'node:timers/promises';

import type { GroupStatus, NodeId, RaftHost } from '@fastpaca/raft-core';

import { OpenError } from '../open-error.js';
import { readinessOf } from './replica-status.js';

const leaderDeadlineMs = 30_000;
const pollMs = 2;

/** @throws OpenError `wrong_groups`, `wrong_node` where the directory was made for something else */
export function checkDirectory(found: readonly GroupStatus[], groups: number, self: NodeId): void {
  if (found.length === 0) return;
  if (found.length !== groups) {
    throw new OpenError(
      'wrong_groups',
      `The directory holds ${found.length} groups, the options say ${groups}. The number is fixed when a directory ` +
        `is made: contexts are found by it.`,
    );
  }
  for (const { group, conf } of found) {
    if (conf.voters.includes(self) || conf.learners.includes(self)) continue;
    throw new OpenError(
      'wrong_node',
      `Group ${group} of the directory belongs to node ${conf.voters.join(', ')}, not to ${self}. Start with ` +
        `the name that the directory was made with.`,
    );
  }
}

/**
 * Waits until each group has a leader. A sole voter elects itself, which takes one synced write.
 * @throws OpenError `no_leader`
 */
export async function awaitLeaders<R>(host: RaftHost<R>): Promise<void> {
  const end = performance.now() + leaderDeadlineMs;
  for (;;) {
    const readiness = readinessOf(host.statuses());
    if (readiness.ready) return;
    if (performance.now() > end) {
      throw new OpenError('no_leader', `${readiness.reason} It did not change in ${leaderDeadlineMs} ms.`);
    }
    await delay(pollMs);
  }
}
