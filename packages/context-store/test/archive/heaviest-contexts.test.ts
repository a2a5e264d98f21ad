import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { HeaviestContexts } from '../../src/archive/heaviest-contexts.js';
import { contextId } from '../../src/context/context-id.js';

const values = (heaviest: HeaviestContexts): number[] =>
  heaviest.largest(100, () => true).map(([, value]) => value);
const largest = (all: Iterable<number>): number[] => [...all].sort((a, b) => b - a).slice(0, 100);

describe('the contexts with the largest of some number', () => {
  test('are those of all that are not 0, while there are few', () => {
    const note = fc.record({ n: fc.integer({ min: 0, max: 300 }), value: fc.integer({ min: 0, max: 50 }) });
    fc.assert(
      fc.property(fc.array(note, { maxLength: 1_000 }), (notes) => {
        const heaviest = new HeaviestContexts();
        const model = new Map<number, number>();
        for (const { n, value } of notes) {
          heaviest.note(contextId(`c${n}`), value);
          if (value === 0) model.delete(n);
          else model.set(n, value);
        }
        expect(values(heaviest)).toEqual(largest(model.values()));
      }),
    );
  });

  test('are exact among any number whose values grow', () => {
    const heaviest = new HeaviestContexts();
    const model: number[] = [];
    for (let n = 0; n < 20_000; n += 1) {
      const at = (n * 7_919) % 10_000;
      model[at] = (model[at] ?? 0) + ((n * 104_729) % 1_000) + 1;
      heaviest.note(contextId(`c${at}`), model[at]);
    }
    expect(values(heaviest)).toEqual(largest(Object.values(model)));
  });

  test('are forgotten with their contexts, and by a filter', () => {
    const heaviest = new HeaviestContexts();
    heaviest.note(contextId('a'), 3);
    heaviest.note(contextId('b'), 2);
    heaviest.note(contextId('c'), 1);
    heaviest.note(contextId('a'), 0);
    expect(heaviest.largest(10, (id) => id !== 'c')).toEqual([['b', 2]]);
    heaviest.clear();
    expect(values(heaviest)).toEqual([]);
  });
});
