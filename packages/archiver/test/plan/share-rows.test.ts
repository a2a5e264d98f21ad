import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shareRows } from '../../src/plan/share-rows.js';

const backlogs = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 60 });
const batch = fc.integer({ min: 1, max: 20_000 });
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

describe('a batch is shared among backlogs', () => {
  test('it is never larger than allowed, and never smaller than it could be', () => {
    fc.assert(
      fc.property(backlogs, batch, (sizes, rows) => {
        const shares = shareRows(sizes, rows);
        expect(sum(shares)).toBe(Math.min(rows, sum(sizes)));
        for (const [index, share] of shares.entries()) expect(share).toBeLessThanOrEqual(sizes[index] ?? 0);
      }),
    );
  });

  test('nobody gets less than another but for having less, or for the rounding of one row', () => {
    fc.assert(
      fc.property(backlogs, batch, (sizes, rows) => {
        const shares = shareRows(sizes, rows);
        const largest = Math.max(...shares);
        for (const [index, share] of shares.entries()) {
          if (share < (sizes[index] ?? 0)) expect(share).toBeGreaterThanOrEqual(largest - 1);
        }
      }),
    );
  });

  test('a huge backlog takes only what the small ones leave', () => {
    expect(shareRows([1_000_000, 3, 1, 1_000_000], 100)).toEqual([48, 3, 1, 48]);
  });
});
