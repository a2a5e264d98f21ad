import { describe, expect, test } from '@jest/globals';

import { contextId } from '../../src/context/context-id.js';
import { groupOf } from '../../src/group/group-of.js';
import { xxhash32 } from '../../src/group/xxhash32.js';

describe('the group of a context', () => {
  test.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['abcdefghijklmnopqrstuvwxyz', 0x63a14d5f],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('XXH32 of %j is as published', (text, hash) => {
    expect(xxhash32(text)).toBe(hash);
  });

  test('the documented vectors hold, so that no release moves a context', () => {
    expect(groupOf(contextId('a'), 256)).toBe(86);
    expect(groupOf(contextId('abc'), 256)).toBe(255);
    expect(groupOf(contextId('demo'), 256)).toBe(112);
  });

  test('ids that differ in a counter spread over all groups', () => {
    const counts = new Array<number>(256).fill(0);
    for (let n = 0; n < 25_600; n += 1) {
      const group = groupOf(contextId(`conversation-${n}`), 256);
      counts[group] = (counts[group] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(150);
  });
});
