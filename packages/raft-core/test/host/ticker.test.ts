import { afterEach, describe, expect, test } from '@jest/globals';
import { groupId, nodeId, noTransport, RaftHost, systemClock } from '../../src/index.js';
import type { Clock, RaftHostOptions } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { Counter } from './counter.js';

const self = nodeId('a');
const g0 = groupId(0);

/** Counts how often a timer wakes the process. */
class CountingClock implements Clock {
  wakes = 0;
  now = systemClock.now;
  cancel = systemClock.cancel;
  defer = systemClock.defer;
  schedule(task: () => void, ms: number): unknown {
    return systemClock.schedule(() => {
      this.wakes += 1;
      task();
    }, ms);
  }
}

let host: RaftHost<number> | null = null;
afterEach(async () => {
  await host?.close();
  host = null;
});

async function start(
  voters: readonly string[],
  options: Partial<RaftHostOptions<number>>,
): Promise<RaftHost<number>> {
  host = await RaftHost.open<number>({
    nodeId: self,
    storage: new MemoryStorage(),
    transport: noTransport,
    stateMachine: () => new Counter(),
    onFatal: (error) => {
      throw error;
    },
    ...options,
  });
  await host.createGroups([{ group: g0, voters: voters.map(nodeId) }]);
  return host;
}

describe('the timer of a host', () => {
  test('wakes an idle process for its heartbeats, and hardly ever else', async () => {
    const clock = new CountingClock();
    await start(['a'], { clock, timing: { heartbeatMs: 100, electionTimeoutMs: 1_000 } });
    // What the start wrote is flushed first, on a busy machine later: a host that is never idle is so in no window.
    let idle = false;
    for (let window = 0; window < 10 && !idle; window += 1) {
      const from = clock.now();
      clock.wakes = 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
      // Node's timers may fire a moment early, which makes two of one. A fixed pass would come four times as often.
      idle = clock.wakes <= (2 * (clock.now() - from)) / 100 + 2;
    }
    expect(idle).toBe(true);
    expect(clock.wakes).toBeGreaterThan(0);
  });

  test('keeps a deadline that comes before anything else is due', async () => {
    const slow = { heartbeatMs: 30_000, electionTimeoutMs: 60_000 };
    const started = await start(['a', 'b'], { timing: slow });
    const from = performance.now();
    expect(await started.readIndex(g0, { deadlineMs: 50 })).toMatchObject({
      kind: 'unavailable',
      reason: 'deadline',
    });
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  test('comes to an election that was brought forward', async () => {
    const slow = { heartbeatMs: 1_000, electionTimeoutMs: 10_000 };
    const started = await start(['a', 'b'], { timing: slow });
    // A new group without a leader is in a hurry: a tenth of an election timeout, not one.
    const end = performance.now() + 15_000;
    while (started.status(g0)?.role !== 'pre_candidate' && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(started.status(g0)?.role).toBe('pre_candidate');
  });
});
