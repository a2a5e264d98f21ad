import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { contextId } from '../../src/context/context-id.js';
import { changeRange, messageRange } from '../../src/state/keys.js';
import { history } from '../support/actions.js';
import { changesOfMachine, shown, type ShownChange } from '../support/collect-changes.js';
import { GroupBench, putCommandOf, text } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

describe('replay', () => {
  test('from any cursor gives the rest of what cursor 0 gives, whatever memory holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        history(50),
        fc.constantFrom(1, 6_000, 1 << 20),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (actions, cacheBytes, share) => {
          const bench = await GroupBench.create({ cacheBytes });
          try {
            await runHistory(bench, actions);
            for (const id of ['a', 'b', 'c']) await expectWhole(bench, id, share);
          } finally {
            await bench.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);
});

async function expectWhole(bench: GroupBench, id: string, share: number): Promise<void> {
  const record = bench.machine.context(contextId(id))?.record;
  if (record === undefined) return;
  const all = (await changesOfMachine(bench.machine, id, 0)).map(shown);
  const seqs = all.filter(({ type }) => type === 'message').map(({ seq }) => seq);
  expect(seqs).toEqual(Array.from({ length: record.lastSeq }, (_, n) => n + 1));
  const versions = new Set(all.map(({ version }) => version));
  if (record.version > 0) versions.delete(0);
  expect([...versions].filter((version) => Number(version) > 0)).toEqual(
    Array.from({ length: record.version }, (_, n) => n + 1),
  );
  const cursor = Math.floor(share * record.version);
  const rest = (await changesOfMachine(bench.machine, id, cursor)).map(shown);
  const expected = all.filter(({ version }) => Number(version) > cursor);
  expect(withoutStanding(rest, cursor)).toEqual(
    expected.length === 0 ? [] : withoutStanding(expected, cursor),
  );
}

/** Where the cursor is the end, how the context stands may be said again. */
const withoutStanding = (changes: readonly ShownChange[], cursor: number): ShownChange[] =>
  changes.filter(({ version }) => Number(version) > cursor);

describe('what nothing holds any more', () => {
  let bench: GroupBench;
  beforeEach(async () => {
    bench = await GroupBench.create({ cacheBytes: 1 });
    await bench.run(putCommandOf('demo'));
    for (let n = 0; n < 4; n += 1) await bench.append('demo', [text(`a${n}`), text(`b${n}`)]);
  });
  afterEach(async () => {
    await bench.close();
  });
  const types = async (cursor: number): Promise<unknown[]> =>
    (await changesOfMachine(bench.machine, 'demo', cursor)).map(({ type, version }) => [type, version]);
  const remove = ({ gte, lt }: { gte: Uint8Array; lt: Uint8Array }): void => {
    bench.machine.space.stage([{ type: 'delRange', gte, lt }]);
  };

  test('messages that are gone give a gap, then the versions that are whole', async () => {
    remove(messageRange(1, 1, 3));
    const changes = await changesOfMachine(bench.machine, 'demo', 0);
    expect(changes[0]).toEqual({ type: 'gap', version: 2, expected: 1, actual: 3 });
    expect(changes.slice(1).map(shown)).toMatchObject([
      { seq: 5 },
      { seq: 6 },
      { type: 'context', version: 3 },
      { seq: 7 },
      { seq: 8 },
      { type: 'context', version: 4 },
    ]);
  });

  test('a cursor behind the gap knows nothing of it', async () => {
    remove(messageRange(1, 1, 3));
    expect(await types(3)).toEqual([
      ['message', 4],
      ['message', 4],
      ['context', 4],
    ]);
  });

  test('where no message is left, the gap reaches to the end', async () => {
    remove(messageRange(1, 1, 8));
    const [gap, ...rest] = await changesOfMachine(bench.machine, 'demo', 1);
    expect(gap).toEqual({ type: 'gap', version: 4, expected: 2, actual: 5 });
    expect(rest).toMatchObject([{ type: 'context', version: 4 }]);
  });

  test('a directory from before the index has a gap up to it', async () => {
    remove(changeRange(1, 1, 2));
    const changes = await changesOfMachine(bench.machine, 'demo', 0);
    expect(changes[0]).toEqual({ type: 'gap', version: 2, expected: 1, actual: 3 });
    expect(changes.slice(1).map(({ version }) => version)).toEqual([3, 3, 3, 4, 4, 4]);
  });

  test('a directory without any index has a gap up to its end', async () => {
    remove(changeRange(1, 1, 4));
    expect((await changesOfMachine(bench.machine, 'demo', 0))[0]).toEqual({
      type: 'gap',
      version: 4,
      expected: 1,
      actual: 5,
    });
  });
});
