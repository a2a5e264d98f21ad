import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { logIndex, term } from '@fastpaca/raft-core';

import { history } from '../support/actions.js';
import { GroupBench } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

describe('the same log', () => {
  test('gives the same bytes, however it is cut into batches and whatever memory holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        history(50),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (actions, cuts) => {
          const one = await GroupBench.create({ cacheBytes: 1 << 20 });
          const two = await GroupBench.create({ cacheBytes: 2_000, group: 9 });
          try {
            await runHistory(one, actions);
            let done = 0;
            for (let n = 0; done < one.log.length; n += 1) {
              const batch = one.log.slice(done, done + (cuts[n % cuts.length] ?? 1));
              const first = done;
              await two.machine.apply(
                batch.map((data, at) => ({ index: logIndex(first + at + 1), term: term(1), data })),
              );
              done += batch.length;
            }
            expect(await two.bytes()).toBe(await one.bytes());
          } finally {
            await one.close();
            await two.close();
          }
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);

  test('gives the same bytes where a crash made a part of it be applied again', async () => {
    await fc.assert(
      fc.asyncProperty(history(40), fc.double({ min: 0, max: 1, noNaN: true }), async (actions, share) => {
        const one = await GroupBench.create();
        const two = await GroupBench.create();
        try {
          await runHistory(one, actions);
          const flushed = Math.floor(share * one.log.length);
          for (const data of one.log.slice(0, flushed)) await two.apply(data);
          await two.store.write([]);
          expect(two.machine.durableIndex()).toBe(flushed);
          for (const data of one.log.slice(flushed)) await two.apply(data);
          expect(two.machine.durableIndex()).toBe(flushed);
          const applied = await two.restart({ flush: false });
          expect(applied).toBe(flushed);
          await two.replay(applied);
          expect(await two.bytes()).toBe(await one.bytes());
        } finally {
          await one.close();
          await two.close();
        }
      }),
      { numRuns: 15 },
    );
  }, 120_000);
});
