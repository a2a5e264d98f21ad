import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { restMs, type BatchSpan } from '../../src/archive/archive-pace.js';

/** A second in which 5,000 rows were archived, and 2,000 came. */
const busy: BatchSpan = {
  rows: 5_000,
  elapsedMs: 1_000,
  pendingBefore: 50_000,
  pendingAfter: 47_000,
  utilization: 1,
};

test('on a busy node two rows are archived for each that comes, so that any backlog ends', () => {
  // 4,000 rows a second: 5,000 take 1.25 s, and one second of them is over.
  expect(restMs(busy)).toBe(250);
  const spans = fc.record({
    rows: fc.integer({ min: 1, max: 5_000 }),
    elapsedMs: fc.integer({ min: 100, max: 5_000 }),
    pendingBefore: fc.integer({ min: 5_000, max: 1_000_000 }),
    appended: fc.integer({ min: 1, max: 20_000 }),
  });
  fc.assert(
    fc.property(spans, ({ rows, elapsedMs, pendingBefore, appended }) => {
      const pendingAfter = pendingBefore - rows + appended;
      const rest = restMs({ rows, elapsedMs, pendingBefore, pendingAfter, utilization: 1 });
      const archivedPerMs = rows / (elapsedMs + rest);
      // It rests only from what it does beyond twice what comes, and never falls below that.
      if (rest > 0) expect(archivedPerMs).toBeCloseTo((2 * appended) / elapsedMs, 6);
    }),
  );
});

test('a node that is idle, that the archiver alone keeps busy, or to which nothing comes does not rest', () => {
  expect(restMs({ ...busy, utilization: 0.4 })).toBe(0);
  expect(restMs({ ...busy, elapsedMs: 100, utilization: 1 })).toBe(0);
  expect(restMs({ ...busy, pendingAfter: busy.pendingBefore - busy.rows })).toBe(0);
  // A group that was led here is led elsewhere: what waits falls by more than was archived.
  expect(restMs({ ...busy, pendingAfter: 0 })).toBe(0);
});
