import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allot, nextBatch, type Allotment, type Candidate } from '../../src/plan/allot.js';

const candidate = (backlog: number, index: number): Candidate => ({
  context: { contextId: `c${index}`, life: `l${index}`, archivedSeq: index, lastSeq: index + backlog },
  toSeq: index + backlog,
});

const rowsOf = ({ fromSeq, toSeq }: Allotment): number => toSeq - fromSeq + 1;
const sum = (allotments: readonly Allotment[]): number =>
  allotments.reduce((rows, each) => rows + rowsOf(each), 0);

const backlogs = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 50 });

test('every context is either allotted its next rows or left for later, none twice', () => {
  const limits = [fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 5 })] as const;
  fc.assert(
    fc.property(backlogs, ...limits, (sizes, batchRows, batches) => {
      const candidates = sizes.map(candidate);
      const { allotments, left } = allot(candidates, batchRows, batches);
      const ids = [...allotments, ...left].map(({ context }) => context.contextId).sort();
      expect(ids).toEqual(candidates.map(({ context }) => context.contextId).sort());
      for (const { context, fromSeq, toSeq } of allotments) {
        expect(fromSeq).toBe(context.archivedSeq + 1);
        expect(toSeq).toBeGreaterThanOrEqual(fromSeq);
        expect(toSeq).toBeLessThanOrEqual(context.lastSeq);
        expect(toSeq - fromSeq).toBeLessThan(batchRows);
      }
      expect(sum(allotments)).toBeLessThanOrEqual(batchRows * batches);
    }),
  );
});

test('a context is left out only while all others have one row each', () => {
  const { allotments, left } = allot([9, 9, 9, 9, 9].map(candidate), 3, 1);
  expect(allotments.map(rowsOf)).toEqual([1, 1, 1]);
  expect(left).toHaveLength(2);
});

test('batches take the allotments in their order, whole, as many as fit', () => {
  fc.assert(
    fc.property(backlogs, fc.integer({ min: 1, max: 600 }), (sizes, batchRows) => {
      const { allotments } = allot(sizes.map(candidate), batchRows, 4);
      const taken: Allotment[] = [];
      for (let left: readonly Allotment[] = allotments; left.length > 0;) {
        const { batch, others } = nextBatch(left, batchRows);
        expect(batch.length).toBeGreaterThan(0);
        expect(sum(batch)).toBeLessThanOrEqual(batchRows);
        expect(sum([...batch, ...others.slice(0, 1)]) > batchRows || others.length === 0).toBe(true);
        taken.push(...batch);
        left = others;
      }
      expect(taken).toEqual(allotments);
    }),
  );
});
