import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { text } from './support/group-bench.js';
import { parse, StoreBench } from './support/open-store.js';

describe('ContextStore', () => {
  let bench: StoreBench;
  beforeEach(async () => {
    bench = await StoreBench.open();
  });
  afterEach(() => bench.close());

  test('what was appended is in the window, and still is after a restart', async () => {
    await bench.store.put('demo', {});
    await bench.store.append('demo', [text('Hello')]);
    const before = await bench.store.window('demo');
    expect(before.messages.map(parse)).toMatchObject([
      { seq: 1, role: 'user', parts: [{ type: 'text', text: 'Hello' }] },
    ]);
    await bench.restart();
    expect(await bench.store.window('demo')).toEqual(before);
  });
});
