import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { contextId } from '../../src/context/context-id.js';
import { erasureKey } from '../../src/state/keys.js';
import { GroupBench, putCommandOf, text } from '../support/group-bench.js';

describe('an erase', () => {
  let bench: GroupBench;
  beforeEach(async () => {
    bench = await GroupBench.create();
    await bench.run(putCommandOf('demo'));
    await bench.append('demo', [text('one')]);
  });
  afterEach(async () => {
    await bench.close();
  });
  const id = contextId('demo');
  const erase = () => bench.run({ type: 'erase', id, at: 3_000_000 });
  const begin = () => bench.run({ type: 'archived', at: 1, tailKeep: 0, trimSteps: 1, items: [] });
  const done = (ordinal: number) => bench.run({ type: 'erasure_done', id, at: 4_000_000, ordinal });
  const isPending = (): boolean => bench.machine.get(erasureKey(id)) !== undefined;

  test('where nothing was ever archived leaves only the header', async () => {
    await erase();
    expect(isPending()).toBe(false);
    expect((await bench.bytes()).split('\n')).toHaveLength(1);
  });

  test('leaves a note where a write may have been under way, though no watermark says so', async () => {
    await begin();
    await erase();
    expect(isPending()).toBe(true);
    expect(bench.machine.totals().erasures).toBe(1);
  });

  test('leaves no note for a context that never had a message', async () => {
    await begin();
    await bench.run(putCommandOf('empty'));
    await bench.run({ type: 'erase', id: contextId('empty'), at: 1 });
    expect(bench.machine.totals().erasures).toBe(0);
  });

  test('frees the id at once, and the note stays until its own life is said to be done', async () => {
    await begin();
    await erase();
    await bench.run(putCommandOf('demo'));
    await bench.append('demo', [text('again')]);
    await done(2);
    expect(isPending()).toBe(true);
    await done(1);
    expect(isPending()).toBe(false);
    expect(bench.machine.totals().erasures).toBe(0);
    expect(bench.machine.context(id)?.record.lastSeq).toBe(1);
  });

  test('of a life that waited for the erasure of the one before keeps the first note', async () => {
    await begin();
    await erase();
    await bench.run(putCommandOf('demo'));
    await bench.append('demo', [text('again')]);
    await erase();
    expect(bench.machine.totals().erasures).toBe(1);
    await done(1);
    expect(isPending()).toBe(false);
  });

  test('takes the context out of the queue', async () => {
    expect(bench.machine.totals().pendingContexts).toBe(1);
    await erase();
    expect(bench.machine.totals()).toEqual({
      pendingContexts: 0,
      pendingRows: 0,
      localRows: 0,
      windowTokens: 0,
      erasures: 0,
    });
  });
});
