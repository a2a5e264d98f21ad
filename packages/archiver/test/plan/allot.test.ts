import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allot, type Candidate } from '../../src/plan/allot.js';

const candidate = (backlog: number, index: number): Candidate => ({
  context: { contextId: `c${index}`, life: `l${index}`, archivedSeq: index, lastSeq: index + backlog },
  toSeq: index + backlog,
});

test('every context is either allotted its next rows or left for the next batch, none twice', () => {
  const backlogs = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(backlogs, fc.integer({ min: 1, max: 2_000 }), (sizes, batchRows) => {
      const candidates = sizes.map(candidate);
      const { allotments, left } = allot(candidates, batchRows);
      const ids = [...allotments, ...left].map(({ context }) => context.contextId).sort();
      expect(ids).toEqual(candidates.map(({ context }) => context.contextId).sort());
      let rows = 0;
      for (const { context, fromSeq, toSeq } of allotments) {
        expect(fromSeq).toBe(context.archivedSeq + 1);
        expect(toSeq).toBeGreaterThanOrEqual(fromSeq);
        expect(toSeq).toBeLessThanOrEqual(context.lastSeq);
        rows += toSeq - fromSeq + 1;
      }
      expect(rows).toBeLessThanOrEqual(batchRows);
    }),
  );
});

test('a context is left out only while all others have one row each', () => {
  const { allotments, left } = allot([9, 9, 9, 9, 9].map(candidate), 3);
  expect(allotments.map(({ fromSeq, toSeq }) => toSeq - fromSeq + 1)).toEqual([1, 1, 1]);
  expect(left).toHaveLength(2);
});
