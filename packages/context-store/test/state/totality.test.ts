import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { history } from '../support/actions.js';
import { GroupBench, putCommandOf, text } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

describe('any committed bytes', () => {
  test('give a result: random ones change nothing', async () => {
    const bench = await GroupBench.create();
    try {
      await bench.run(putCommandOf('a'));
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, known) => {
          if (known) bytes.set([1, 1 + ((bytes[1] ?? 0) % 6)].slice(0, bytes.length));
          expect(await bench.apply(bytes)).toMatchObject({ kind: 'refused' });
        }),
        { numRuns: 800 },
      );
    } finally {
      await bench.close();
    }
  });

  test('give a result: commands with flipped, cut and inserted bytes, after which all still works', async () => {
    const mutation = fc.record({
      entry: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat'),
      value: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(
        history(20),
        fc.array(mutation, { minLength: 40, maxLength: 80 }),
        async (actions, mutations) => {
          const bench = await GroupBench.create({ cacheBytes: 5_000 });
          try {
            await runHistory(bench, actions);
            const log = [...bench.log];
            for (const mutation of mutations) {
              const data = log[Math.floor(mutation.entry * log.length)] ?? new Uint8Array();
              const result = await bench.apply(mutate(data, mutation));
              expect(result.kind).toEqual(expect.any(String));
            }
            await bench.run({ type: 'erase', id: 'a' as never, at: 1 });
            await bench.run(putCommandOf('a'));
            expect(await bench.append('a', [text('still here')])).toMatchObject({
              version: 1,
              results: [{ seq: 1 }],
            });
          } finally {
            await bench.close();
          }
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);

  test('of a later version say so', async () => {
    const bench = await GroupBench.create();
    try {
      expect(await bench.apply(Uint8Array.of(2, 1, 0))).toEqual({
        kind: 'refused',
        refusal: { reason: 'unsupported', version: 2, type: 1 },
      });
      expect(await bench.apply(Uint8Array.of(1, 200))).toMatchObject({
        refusal: { reason: 'unsupported', type: 200 },
      });
      expect(await bench.apply(new Uint8Array())).toMatchObject({ refusal: { reason: 'unsupported' } });
    } finally {
      await bench.close();
    }
  });

  test('with tokens that cannot be summed are refused', async () => {
    const bench = await GroupBench.create();
    try {
      await bench.run(putCommandOf('a', { tokenBudget: { given: true, value: Number.MAX_SAFE_INTEGER } }));
      expect(await bench.append('a', [text('x', { tokenCount: 1_000_000_000 })])).toMatchObject({
        version: 1,
      });
      expect(bench.machine.context('a' as never)?.record.window.liveTokens).toBe(1_000_000_000);
    } finally {
      await bench.close();
    }
  });
});

function mutate(
  data: Uint8Array,
  { at, kind, value }: { readonly at: number; readonly kind: string; readonly value: number },
): Uint8Array {
  const place = Math.floor(at * data.length);
  const bytes = Buffer.from(data);
  switch (kind) {
    case 'flip':
      bytes[place] = (bytes[place] ?? 0) ^ value;
      return bytes;
    case 'cut':
      return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + (value % 8) + 1)]);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, place), Buffer.of(value), bytes.subarray(place)]);
    default:
      return bytes;
  }
}
