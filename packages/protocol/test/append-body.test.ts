import { describe, expect, test } from '@jest/globals';
import { appendBody, fieldIssue } from '../src/index.js';

const part = { type: 'text', text: 'hello' };

function issueOf(body: unknown) {
  const result = appendBody.safeParse(body);
  if (result.success) throw new Error('the body was accepted');
  return fieldIssue(result.error);
}

describe('the body of an append', () => {
  test('passes parts and metadata on as the same objects, __proto__ keys included', () => {
    const body: unknown = JSON.parse(
      '{"message":{"role":"user","parts":[{"type":"text","__proto__":{"polluted":1}}],"metadata":{"__proto__":2}}}',
    );
    const message = appendBody.parse(body).message;
    expect(JSON.stringify(message?.parts)).toBe('[{"type":"text","__proto__":{"polluted":1}}]');
    expect(JSON.stringify(message?.metadata)).toBe('{"__proto__":2}');
    expect('polluted' in {}).toBe(false);
  });

  test.each([
    [{}, 'message', 'is required (or messages: [...])'],
    [{ message: { role: 'user', parts: [part] }, messages: [] }, 'messages', 'must have at least 1 items'],
    [{ message: {} }, 'message.role', 'is required'],
    [{ message: { role: '', parts: [part] } }, 'message.role', 'must have at least 1 characters'],
    [{ message: { role: 'r'.repeat(65), parts: [part] } }, 'message.role', 'must have at most 64 characters'],
    [
      { message: { role: '😀'.repeat(33), parts: [part] } },
      'message.role',
      'must have at most 64 characters, of which most emoji are two',
    ],
    [{ message: { role: 'user', parts: [] } }, 'message.parts', 'must have 1 to 1000 items'],
    [{ message: { role: 'user', parts: 'text' } }, 'message.parts', 'must be an array'],
    [{ message: { role: 'user', parts: [part, {}] } }, 'message.parts[1].type', 'must be a non-empty string'],
    [{ message: { role: 'user', parts: [part, null] } }, 'message.parts[1]', 'must be a JSON object'],
    [
      { message: { role: 'user', parts: [part], token_count: -1 } },
      'message.token_count',
      'must be at least 0',
    ],
    [{ message: { role: 'user', parts: [part], metadata: [] } }, 'message.metadata', 'must be a JSON object'],
    [{ message: { role: 'user', parts: [part], id: 7 } }, 'message.id', 'must be a string'],
    [{ message: { role: 'user', parts: [part] }, if_version: '41' }, 'if_version', 'must be a number'],
    [{ message: { role: 'user', parts: [part] }, if_version: 1.5 }, 'if_version', 'must be an integer'],
    [[], '', 'must be an object'],
    [null, '', 'must be an object'],
  ])('%j is refused, and the field is named', (body, field, reason) => {
    expect(issueOf(body)).toEqual({ field, reason });
  });

  test('100,000 parts are refused without a look at each', () => {
    const parts = Array.from({ length: 100_000 }, () => part);
    expect(issueOf({ message: { role: 'user', parts } })).toEqual({
      field: 'message.parts',
      reason: 'must have 1 to 1000 items',
    });
  });

  test('message and messages exclude each other', () => {
    const message = { role: 'user', parts: [part] };
    expect(issueOf({ message, messages: [message] }).field).toBe('messages');
  });
});
