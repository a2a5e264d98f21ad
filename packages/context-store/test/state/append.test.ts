import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

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
