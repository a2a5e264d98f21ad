import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Ring } from '../src/ring.js';

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('push' as const), times: fc.integer({ min: 1, max: 100 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('shift' as const), times: fc.integer({ min: 1, max: 120 }) }),
  },
  fc.record({ do: fc.constant('pop' as const), times: fc.integer({ min: 1, max: 10 }) }),
  fc.record({ do: fc.constant('clear' as const), times: fc.constant(1) }),
);

test('a ring holds what an array would, in its order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(200), fc.nat(200), (steps, from, to) => {
      const ring = new Ring<number>();
      const model: number[] = [];
      let next = 0;
      for (const { do: what, times } of steps) {
        for (let time = 0; time < times; time += 1) {
          if (what === 'push') {
            ring.push(next);
            model.push(next);
            next += 1;
          } else if (what === 'clear') {
            ring.clear();
            model.length = 0;
          } else expect(ring[what]()).toBe(model[what]());
        }
        expect(ring.length).toBe(model.length);
        expect(ring.slice(0, ring.length)).toEqual(model);
      }
      expect(ring.slice(from, to)).toEqual(model.slice(from, to));
      expect(ring.at(from)).toBe(model[from]);
    }),
  );
});
