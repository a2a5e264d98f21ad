import { setImmediate as setImmediatePromise, setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ArchivePace, rowsToAwait, type BatchSpan } from '../../src/archive/archive-pace.js';

/** A second in which 5,000 rows were archived, and 2,000 came. */
const busy: BatchSpan = {
  rows: 5_000,
  elapsedMs: 1_000,
  pendingBefore: 50_000,
  pendingAfter: 47_000,
  utilization: 1,
};
const backlog: BatchSpan = { ...busy, pendingBefore: 1_050_000, pendingAfter: 1_047_000 };

test('on a busy node one row is archived for ten that come: appends come first', () => {
  expect(rowsToAwait(busy)).toBe(48_000);
});

test('on a busy node with a million rows waiting two are archived for each that comes, so that no backlog stays', () => {
  expect(rowsToAwait(backlog)).toBe(500);
});

test('no more is awaited than that share asks for, whatever came meanwhile', () => {
  const spans = fc.record({
    rows: fc.integer({ min: 1, max: 5_000 }),
    elapsedMs: fc.integer({ min: 100, max: 5_000 }),
    pendingBefore: fc.integer({ min: 5_000, max: 2_000_000 }),
    appended: fc.integer({ min: 1, max: 20_000 }),
  });
  fc.assert(
    fc.property(spans, ({ rows, elapsedMs, pendingBefore, appended }) => {
      const pendingAfter = pendingBefore - rows + appended;
      const awaited = rowsToAwait({ rows, elapsedMs, pendingBefore, pendingAfter, utilization: 1 });
      const share = pendingAfter < 1_000_000 ? 0.1 : 2;
      expect(awaited).toBeGreaterThanOrEqual(0);
      if (awaited > 0) expect(rows / (appended + awaited)).toBeCloseTo(share, 6);
    }),
  );
});

test('a node that is idle, that the archiver alone keeps busy, or to which nothing comes awaits nothing', () => {
  expect(rowsToAwait({ ...busy, utilization: 0.4 })).toBe(0);
  expect(rowsToAwait({ ...busy, elapsedMs: 100, utilization: 1 })).toBe(0);
  expect(rowsToAwait({ ...busy, pendingAfter: busy.pendingBefore - busy.rows })).toBe(0);
  // A group that was led here is led elsewhere: what waits falls by more than was archived.
  expect(rowsToAwait({ ...busy, pendingAfter: 0 })).toBe(0);
});

describe('a rest', () => {
  /** 5,000 rows fewer wait than at first, but for ten that came, and no more come. */
  const pace = (waiting = [10_000, 5_010]): ArchivePace => new ArchivePace(() => waiting.shift() ?? 5_010);

  async function keepBusy(until: Promise<void>): Promise<void> {
    let over = false;
    void until.then(() => (over = true));
    while (!over) {
      const end = performance.now() + 20;
      while (performance.now() < end);
      await new Promise(setImmediate);
    }
  }

  test('is kept while the node is busy, and ends with the signal', async () => {
    const busyNode = pace();
    await keepBusy(delay(300));
    const stop = new AbortController();
    const rested = busyNode.rest({ rows: 5_000 }, stop.signal);
    await keepBusy(Promise.race([rested, delay(700)]));
    const over = Symbol('over');
    expect(await Promise.race([rested, setImmediatePromise(over)])).toBe(over);
    stop.abort();
    await rested;
  });

  test('ends when enough has come', async () => {
    // The start, the end of the batch, and two looks.
    const busyNode = pace([10_000, 5_010, 5_020, 55_010]);
    await keepBusy(delay(300));
    const rested = busyNode.rest({ rows: 5_000 }, new AbortController().signal);
    await keepBusy(rested);
  }, 20_000);

  test('ends when the node is not busy any more', async () => {
    const quietNode = pace();
    await keepBusy(delay(300));
    await quietNode.rest({ rows: 5_000 }, new AbortController().signal);
  }, 20_000);
});
