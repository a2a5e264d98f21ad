import { describe, expect, test } from '@jest/globals';
import { groupId, nodeId } from '../src/index.js';

describe('ids', () => {
  test('a group id outside 0 to 65535 is refused', () => {
    expect(groupId(65_535)).toBe(65_535);
    expect(() => groupId(65_536)).toThrow(RangeError);
    expect(() => groupId(1.5)).toThrow(RangeError);
  });
  test('a node id is never empty', () => {
    expect(() => nodeId('')).toThrow(RangeError);
  });
});
