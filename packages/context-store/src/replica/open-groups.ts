import { setTimeout as delay } from 'node:timers/promises';

import type { RaftHost } from '@fastpaca/raft-core';

import { OpenError } from '../open-error.js';
import { readinessOf } from './replica-status.js';

const leaderDeadlineMs = 30_000;
const pollMs = 2;

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
