import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { logIndex, term } from '@fastpaca/raft-core';

import { GroupBench, putCommandOf, text } from '../support/group-bench.js';

describe('append', () => {
  let bench: GroupBench;
  beforeEach(async () => {
    bench = await GroupBench.create();
    await bench.run(putCommandOf('c'));
  });
  afterEach(() => bench.close());

  test('numbers messages from 1 on and counts a batch as one version', async () => {
    expect(await bench.append('c', [text('one')])).toMatchObject({
      kind: 'appended',
      version: 1,
      results: [{ seq: 1 }],
    });
    expect(await bench.append('c', [text('two'), text('three')])).toMatchObject({
      version: 2,
      results: [{ seq: 2 }, { seq: 3 }],
      deduped: false,
    });
  });

  test('an unknown context gets not_found', async () => {
    expect(await bench.append('nobody', [text('one')])).toEqual({
      kind: 'refused',
      refusal: { reason: 'not_found' },
    });
  });

  test('if_version that is not the current one writes nothing', async () => {
    await bench.append('c', [text('one')]);
    expect(await bench.append('c', [text('two')], { ifVersion: 0 })).toEqual({
      kind: 'refused',
      refusal: { reason: 'conflict', currentVersion: 1 },
    });
    expect(await bench.append('c', [text('two')], { ifVersion: 1 })).toMatchObject({ results: [{ seq: 2 }] });
  });
});

describe('more state than the store takes before a write', () => {
  test('waits for writes, entry by entry, and loses none', async () => {
    const bench = await GroupBench.create({ maxStagedBytes: 40_000 });
    const other = await GroupBench.create();
    try {
      await other.run(putCommandOf('c'));
      for (let n = 0; n < 50; n += 1) await other.append('c', [text('x'.repeat(8_000))]);
      const results = await bench.machine.apply(
        other.log.map((data, at) => ({ index: logIndex(at + 1), term: term(1), data })),
      );
      expect(results).toHaveLength(51);
      expect(results.at(-1)).toMatchObject({ kind: 'appended', results: [{ seq: 50 }] });
      expect(await bench.bytes()).toBe(await other.bytes());
    } finally {
      await bench.close();
      await other.close();
    }
  });
});
