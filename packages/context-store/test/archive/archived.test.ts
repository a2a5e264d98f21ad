import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decodePending } from '../../src/archive/pending-entry.js';
import { localRowsOf } from '../../src/archive/group-totals.js';
import { decodeRecord } from '../../src/context/context-codec.js';
import { contextId } from '../../src/context/context-id.js';
import type { ContextRecord } from '../../src/context/context-record.js';
import { messageRange, numberOfKey, pendingRange, placeOfKey, recordRange } from '../../src/state/keys.js';
import { usedTokens } from '@fastpaca/token-budget';
import { history } from '../support/actions.js';
import { GroupBench, putCommandOf, text } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

describe('a group', () => {
  test('counts what waits, what is here and what the windows hold as a walk over all contexts would', async () => {
    await fc.assert(
      fc.asyncProperty(history(60), async (actions) => {
        const bench = await GroupBench.create({ cacheBytes: 3_000 });
        try {
          await runHistory(bench, actions);
          await bench.replay(await bench.restart({ flush: true }));
          const records = await recordsOf(bench);
          const waiting = records.filter(({ archivedSeq, lastSeq }) => archivedSeq < lastSeq);
          expect(bench.machine.totals()).toMatchObject({
            pendingContexts: waiting.length,
            pendingRows: sum(waiting.map(({ archivedSeq, lastSeq }) => lastSeq - archivedSeq)),
            localRows: sum(records.map(localRowsOf)),
            windowTokens: sum(records.map(({ window }) => usedTokens(window))),
          });
          const queue = await bench.machine.space.rangeArray(pendingRange(0, bench.machine.nextPlace()));
          const places = queue.map(([key, value]) => [placeOfKey(key), decodePending(value).id]);
          expect(places.sort()).toEqual(
            (await namedRecords(bench))
              .filter(([, { archivedSeq, lastSeq }]) => archivedSeq < lastSeq)
              .map(([id, { archive }]) => [archive.place, id])
              .sort(),
          );
        } finally {
          await bench.close();
        }
      }),
      { numRuns: 20 },
    );
  });

  test('has each local message from where a record says on, and before it only what the window pins', async () => {
    await fc.assert(
      fc.asyncProperty(history(60), async (actions) => {
        const bench = await GroupBench.create();
        try {
          await runHistory(bench, actions);
          for (const { ordinal, archivedSeq, lastSeq, archive, window } of await recordsOf(bench)) {
            const { localFrom, kept } = archive;
            const pairs = await bench.machine.space.rangeArray(messageRange(ordinal, 1, lastSeq));
            const expected = kept.flatMap(({ fromSeq, toSeq }) => seqs(fromSeq, toSeq));
            expect(pairs.map(([key]) => numberOfKey(key))).toEqual([
              ...expected,
              ...seqs(localFrom, lastSeq),
            ]);
            expect(localFrom).toBeLessThanOrEqual(Math.min(archivedSeq + 1, window.liveFrom));
            for (const { fromSeq, toSeq } of window.pins) {
              for (const seq of seqs(fromSeq, Math.min(toSeq, localFrom - 1)))
                expect(expected).toContain(seq);
            }
          }
        } finally {
          await bench.close();
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('a watermark', () => {
  let bench: GroupBench;
  beforeEach(async () => {
    bench = await GroupBench.create();
    await bench.run(putCommandOf('demo'));
    for (let n = 1; n <= 10; n += 1) await bench.append('demo', [text(`m${n}`)]);
  });
  afterEach(async () => {
    await bench.close();
  });
  const record = (): ContextRecord => {
    const found = bench.machine.context(contextId('demo'))?.record;
    if (found === undefined) throw new Error('The context is gone.');
    return found;
  };
  const archived = (seq: number, options: { tailKeep?: number; trimSteps?: number; ordinal?: number } = {}) =>
    bench.run({
      type: 'archived',
      at: 2_000_000,
      tailKeep: options.tailKeep ?? 0,
      trimSteps: options.trimSteps ?? 100,
      items: [{ id: contextId('demo'), ordinal: options.ordinal ?? 1, seq, restSince: null }],
    });

  test('moves neither the version nor the window, and what the window shows stays here', async () => {
    const before = record();
    expect(await archived(10)).toEqual({ kind: 'archived', outcomes: [{ taken: true, unfinished: false }] });
    const after = record();
    expect(after.archivedSeq).toBe(10);
    expect(after.archive).toEqual({ localFrom: 1, kept: [], place: 0 });
    expect(after).toEqual({ ...before, archivedSeq: 10, archive: after.archive });
  });

  test('lets go of what left the window, but for the tail', async () => {
    await bench.compact('demo', []);
    await archived(10, { tailKeep: 3 });
    expect(record().archive.localFrom).toBe(8);
  });

  test('never lets go of what is newer than itself', async () => {
    await bench.compact('demo', []);
    await archived(4);
    expect(record()).toMatchObject({ archivedSeq: 4, archive: { localFrom: 5 } });
    expect(record().archive.place).toBeGreaterThan(0);
  });

  test('never goes back', async () => {
    await archived(7);
    expect(await archived(3)).toMatchObject({ outcomes: [{ taken: true }] });
    expect(record().archivedSeq).toBe(7);
  });

  test('beyond the log, of an earlier life or of nothing is not taken', async () => {
    const refused = { kind: 'archived', outcomes: [{ taken: false, unfinished: false }] };
    expect(await archived(11)).toEqual(refused);
    expect(await archived(5, { ordinal: 2 })).toEqual(refused);
    await bench.run({ type: 'erase', id: contextId('demo'), at: 1 });
    expect(await archived(5)).toEqual(refused);
  });

  test('trims in steps: the same command again goes on', async () => {
    await bench.compact('demo', []);
    expect(await archived(10, { trimSteps: 4 })).toMatchObject({
      outcomes: [{ taken: true, unfinished: true }],
    });
    expect(record().archive.localFrom).toBe(5);
    await archived(10, { trimSteps: 4 });
    expect(await archived(10, { trimSteps: 4 })).toMatchObject({
      outcomes: [{ taken: true, unfinished: false }],
    });
    expect(record().archive.localFrom).toBe(11);
  });

  test('keeps a pinned message as long as the window pins it, and no longer', async () => {
    await bench.run(putCommandOf('pins', { tokenBudget: { given: true, value: 60 } }));
    await bench.append('pins', [
      text('rules', { role: 'system' }),
      text('keep', { metadata: { pinned: true } }),
    ]);
    for (let n = 0; n < 30; n += 1) await bench.append('pins', [text('something to say, at some length')]);
    await bench.archiveUpTo('pins', { share: 1, tailKeep: 0, trimSteps: 100 });
    const pins = () => bench.machine.context(contextId('pins'))?.record;
    expect(pins()?.archive.kept).toEqual([
      { fromSeq: 1, toSeq: 1 },
      { fromSeq: 2, toSeq: 2 },
    ]);
    expect(pins()?.archive.localFrom).toBe(pins()?.window.liveFrom);
    await bench.compact('pins', []);
    await bench.archiveUpTo('pins', { share: 1, tailKeep: 0, trimSteps: 100 });
    expect(pins()?.archive).toMatchObject({ kept: [], localFrom: 33 });
  });

  test('of two items of one context only the first counts', async () => {
    const item = { id: contextId('demo'), ordinal: 1, restSince: null };
    const items = [
      { ...item, seq: 2 },
      { ...item, seq: 5 },
    ];
    const result = await bench.run({ type: 'archived', at: 1, tailKeep: 0, trimSteps: 9, items });
    expect(result).toMatchObject({ outcomes: [{ taken: true }, { taken: false }] });
    expect(record().archivedSeq).toBe(2);
  });
});

async function namedRecords(bench: GroupBench): Promise<[string, ContextRecord][]> {
  const pairs = await bench.machine.space.rangeArray(recordRange('', null));
  return pairs.map(([key, value]) => [Buffer.from(key.subarray(1)).toString(), decodeRecord(value)]);
}

const recordsOf = async (bench: GroupBench): Promise<ContextRecord[]> =>
  (await namedRecords(bench)).map(([, record]) => record);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const seqs = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
