import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { logIndex, term, type SnapshotMeta } from '@fastpaca/raft-core';

import { history } from '../support/actions.js';
import { GroupBench, putCommandOf, text } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

const metaOf = (index: number): SnapshotMeta => ({
  index: logIndex(index),
  term: term(1),
  conf: { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
});

async function snapshotOf(bench: GroupBench): Promise<{ index: number; bytes: Buffer }> {
  const source = await bench.machine.snapshot();
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.chunks) chunks.push(chunk);
  await source.release();
  return { index: source.index, bytes: Buffer.concat(chunks) };
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

describe('a snapshot', () => {
  test('restored into another group gives the same bytes, and the log goes on from there', async () => {
    await fc.assert(
      fc.asyncProperty(history(40), fc.integer({ min: 1, max: 5_000 }), async (actions, size) => {
        const one = await GroupBench.create();
        const two = await GroupBench.create({ group: 11 });
        try {
          await runHistory(one, actions);
          await two.run(putCommandOf('old'));
          await two.append('old', [text('gone after the restore')]);
          const { index, bytes } = await snapshotOf(one);
          await two.machine.restore(metaOf(index), inChunks(bytes, size));
          expect(await two.bytes()).toBe(await one.bytes());
          expect(two.machine.durableIndex()).toBe(index);

          const next = await one.append('a', [text('next')]);
          const data = one.log.at(-1) ?? new Uint8Array();
          expect(await two.machine.apply([{ index: logIndex(index + 1), term: term(1), data }])).toEqual([
            next,
          ]);
          expect(await two.bytes()).toBe(await one.bytes());
        } finally {
          await one.close();
          await two.close();
        }
      }),
      { numRuns: 12 },
    );
  }, 120_000);

  test('wakes those who wait for a change of any context: all of them may have changed', async () => {
    const one = await GroupBench.create();
    const two = await GroupBench.create({ group: 11 });
    try {
      await one.run(putCommandOf('a'));
      await one.append('a', [text('x')]);
      await two.run(putCommandOf('a'));
      const { index, bytes } = await snapshotOf(one);
      expect(two.replaced).toBe(0);
      await two.machine.restore(metaOf(index), inChunks(bytes, 1_000));
      expect(two.replaced).toBe(1);
    } finally {
      await one.close();
      await two.close();
    }
  });

  test('is of one moment: what is applied while it is read does not show', async () => {
    const bench = await GroupBench.create();
    const other = await GroupBench.create();
    try {
      await bench.run(putCommandOf('a'));
      await bench.append('a', [text('before')]);
      const bytes = await bench.bytes();
      const source = await bench.machine.snapshot();
      await bench.append('a', [text('after')]);
      await bench.store.write([]);
      await other.machine.restore(metaOf(source.index), source.chunks);
      await source.release();
      expect(await other.bytes()).toBe(bytes);
    } finally {
      await bench.close();
      await other.close();
    }
  });

  test.each([
    ['cut off', (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 3), 3],
    ['without its end mark', (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 6), 3],
    ['with a flipped bit', (bytes: Buffer): Buffer => flipped(bytes, bytes.length - 20), 3],
    ['with bytes behind it', (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.of(1, 2)]), 3],
    ['of another entry', (bytes: Buffer): Buffer => bytes, 4],
  ])('%s is refused, and the state stays as it was', async (_, damage, index) => {
    const one = await GroupBench.create();
    const two = await GroupBench.create();
    try {
      await one.run(putCommandOf('a'));
      await one.append('a', [text('one'), text('two')]);
      await one.append('a', [text('three')]);
      await two.run(putCommandOf('mine'));
      const before = await two.bytes();
      const { bytes } = await snapshotOf(one);
      await expect(two.machine.restore(metaOf(index), inChunks(damage(bytes), 64))).rejects.toThrow(
        /snapshot/i,
      );
      expect(await two.bytes()).toBe(before);
      expect(await two.restart({ flush: true })).toBe(1);
      expect(await two.bytes()).toBe(before);
    } finally {
      await one.close();
      await two.close();
    }
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
