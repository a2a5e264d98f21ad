import { describe, expect, test } from '@jest/globals';
import {
  fieldIssue,
  isContextId,
  listContextsQuery,
  messagesQuery,
  putContextBody,
  tailQuery,
  windowQuery,
} from '../src/index.js';

describe('settings of a context', () => {
  test.each([
    [{ token_budget: -1 }, 'token_budget'],
    [{ token_budget: 0 }, 'token_budget'],
    [{ token_budget: '8000' }, 'token_budget'],
    [{ token_budget: 1.5 }, 'token_budget'],
    [{ trigger_ratio: 0 }, 'trigger_ratio'],
    [{ trigger_ratio: 1.1 }, 'trigger_ratio'],
    [{ policy: { strategy: 'newest' } }, 'policy.strategy'],
    [{ policy: { strategy: 'last_n', config: { limit: 0 } } }, 'policy.config.limit'],
    [{ policy: { strategy: 'last_n', config: null } }, 'policy.config'],
    [{ policy: { strategy: 'skip_parts', config: { skip_kinds: 'tool' } } }, 'policy.config.skip_kinds'],
    [{ policy: { strategy: 'skip_parts', config: { skip_kinds: [''] } } }, 'policy.config.skip_kinds[0]'],
    [{ metadata: 'tag' }, 'metadata'],
    [{ status: 'tombstoned' }, 'status'],
  ])('%j is refused, and the field is named', (body, field) => {
    const result = putContextBody.safeParse(body);
    expect(result.error === undefined ? null : fieldIssue(result.error).field).toBe(field);
  });

  test('a policy config keeps keys that the strategy does not know', () => {
    const body = { policy: { strategy: 'last_n', config: { limit: 5, note: 'mine' } } };
    expect(putContextBody.parse(body)).toEqual(body);
  });

  test('everything may be omitted', () => {
    expect(putContextBody.parse({})).toEqual({});
  });
});

describe('query parameters', () => {
  test('limits above 1,000 are clamped to 1,000', () => {
    expect(tailQuery.parse({ limit: '5000' })).toEqual({ limit: 1000 });
    expect(listContextsQuery.parse({ limit: '99999999999999999999' })).toEqual({ limit: 1000 });
  });

  test.each(['abc', '', '1e3', '0x10', '5.0', ' 5', '0', '-1'])('limit=%j is refused', (limit) => {
    expect(tailQuery.safeParse({ limit }).success).toBe(false);
  });

  test('a repeated parameter is refused', () => {
    expect(tailQuery.safeParse({ limit: ['1', '2'] }).success).toBe(false);
  });

  test('from_seq may be negative, cursor may not', () => {
    expect(messagesQuery.parse({ from_seq: '-50' })).toEqual({ from_seq: -50 });
    expect(messagesQuery.safeParse({ cursor: '-1' }).success).toBe(false);
  });

  test('explain is true or false', () => {
    expect(windowQuery.parse({ explain: 'true' })).toEqual({ explain: true });
    expect(windowQuery.safeParse({ explain: 'yes' }).success).toBe(false);
  });
});

describe('context ids', () => {
  test.each(['a', 'chat:42@tenant.example_1-2', 'x'.repeat(256)])('%j is one', (id) => {
    expect(isContextId(id)).toBe(true);
  });
  test.each(['', 'a/b', 'a b', '\0', 'é', 'x'.repeat(257), 'a\n'])('%j is none', (id) => {
    expect(isContextId(id)).toBe(false);
  });
});
