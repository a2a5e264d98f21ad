import { describe, expect, test } from '@jest/globals';
import { LoopMonitor } from '../../src/host/loop-monitor.js';

const timing = { heartbeatMs: 100, electionTimeoutMs: 1_000 };

/** A timer that is due every 25 ms and fires so late each time; returns how long until it is too late. */
function endure(monitor: LoopMonitor, lateMs: number, forMs: number, from = 0): number | null {
  let now = from;
  monitor.note(now, 0);
  while (now < from + forMs) {
    now += 25 + lateMs;
    monitor.note(now, lateMs);
    if (monitor.late) return now - from;
  }
  return null;
}

describe('a process that cannot keep time', () => {
  test('is one that stalls for an election timeout, once', () => {
    const monitor = new LoopMonitor(timing);
    monitor.note(0, 0);
    monitor.note(1_025, 1_000.5);
    expect(monitor.late).toBe(true);
  });

  test('or one that loses much of its time, in shorter stalls', () => {
    expect(endure(new LoopMonitor(timing), 400, 60_000)).toBeLessThan(6_000);
    expect(endure(new LoopMonitor(timing), 300, 60_000)).toBeLessThan(12_000);
  });

  test('but not one that is merely busy, nor one with a rare stall', () => {
    expect(endure(new LoopMonitor(timing), 90, 600_000)).toBeNull();
    const monitor = new LoopMonitor(timing);
    for (let now = 0; now < 600_000; now += 5_000) {
      monitor.note(now, 700);
      expect(monitor.late).toBe(false);
    }
  });

  test('it is trusted again an election timeout after the last stall, not at once', () => {
    const monitor = new LoopMonitor(timing);
    monitor.note(0, 0);
    monitor.note(120_000, 119_975);
    expect(monitor.late).toBe(true);
    monitor.note(120_900, 0);
    expect(monitor.late).toBe(true);
    monitor.note(121_050, 0);
    expect(monitor.late).toBe(false);
  });
});
