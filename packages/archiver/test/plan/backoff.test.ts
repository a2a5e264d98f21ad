import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { afterFailure, noBackoff } from '../../src/plan/backoff.js';

test('pauses double up to the largest, and half of each is random', () => {
  const limits = { firstMs: 100, largestMs: 1_500 };
  const random = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 80 });
  fc.assert(
    fc.property(random, (draws) => {
      let backoff = noBackoff;
      for (const [index, draw] of draws.entries()) {
        backoff = afterFailure(backoff, limits, 5_000, draw);
        const whole = Math.min(100 * 2 ** index, 1_500);
        expect(backoff.failures).toBe(index + 1);
        expect(backoff.until - 5_000).toBeCloseTo(whole / 2 + (whole / 2) * draw, 6);
      }
    }),
  );
});
