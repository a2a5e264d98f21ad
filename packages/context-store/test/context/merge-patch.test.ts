import { describe, expect, test } from '@jest/globals';

import { parseJsonObject } from '../../src/context/json.js';
import { mergePatch } from '../../src/context/merge-patch.js';
import type { JsonObject } from '../../src/context/context-view.js';

describe('merge patch', () => {
  // The test cases of RFC 7396, appendix A, whose target and patch are objects.
  test.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j patched by %j is %j', (target, patch, merged) => {
    expect(mergePatch(target, patch)).toEqual(merged);
  });

  test('__proto__ is data: it is kept, and nothing inherits from it', () => {
    const target = parseJsonObject('{"__proto__":{"a":1}}') ?? {};
    const patch = parseJsonObject('{"__proto__":{"b":2},"constructor":{"prototype":{"c":3}}}') ?? {};
    const merged = mergePatch(target, patch);
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"a":1,"b":2},"constructor":{"prototype":{"c":3}}}');
    expect(({} as Record<string, unknown>)['b']).toBeUndefined();
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  });

  test('an object nested deeper than 64 is none', () => {
    const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(parseJsonObject(nested(64))).not.toBeNull();
    expect(parseJsonObject(nested(65))).toBeNull();
    expect(parseJsonObject('['.repeat(200_000))).toBeNull();
    expect(parseJsonObject(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)).toBeNull();
  });
});
