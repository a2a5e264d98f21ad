import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PendingTally } from '../../src/plan/pending-tally.js';

test('sums are right, and the largest are the largest, in a bounded list', () => {
  const contexts = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 })), {
    maxLength: 700,
  });
  fc.assert(
    fc.property(contexts, (all) => {
      const tally = new PendingTally();
      const rows: number[] = [];
      for (const [index, [archivedSeq, lastSeq]] of all.entries()) {
        tally.add({ contextId: `c${index}`, life: 'l', archivedSeq, lastSeq, pendingSince: 1_000 - index });
        if (lastSeq > archivedSeq) rows.push(lastSeq - archivedSeq);
      }
      const summary = tally.summary();
      expect(summary.contexts).toBe(rows.length);
      expect(summary.rows).toBe(rows.reduce((sum, each) => sum + each, 0));
      const largest = rows.sort((a, b) => b - a).slice(0, 100);
      expect(summary.largest.map((lag) => lag.rows)).toEqual(largest);
    }),
    { numRuns: 50 },
  );
});

test('the oldest counts as long as something of its context is left', () => {
  const tally = new PendingTally();
  const context = { contextId: 'a', life: 'l', archivedSeq: 3, lastSeq: 9, pendingSince: 100 };
  tally.add(context, 9);
  expect(tally.summary()).toMatchObject({ contexts: 0, rows: 0, oldestAt: null });
  tally.add(context, 5, 120);
  tally.add({ ...context, contextId: 'b', pendingSince: 110 });
  expect(tally.summary()).toMatchObject({ contexts: 2, rows: 10, oldestAt: 110 });
});
