import { describe, expect, test } from '@jest/globals';
import { maximumMessageTokens, outlineMessage, shareTokens } from '../../src/index.js';
import type { MessageOutline, PartOutline } from '../../src/index.js';

function outline(role: string, parts: readonly unknown[], metadata?: unknown): MessageOutline {
  const shares = { total: 3 + parts.length, parts: parts.map(() => 1) };
  const spans = parts.map((_, index) => ({ start: index * 10, end: index * 10 + 9 }));
  return outlineMessage({ role, parts, metadata }, shares, spans);
}

function part(raw: Readonly<Record<string, unknown>>, role = 'assistant'): PartOutline {
  const [first] = outline(role, [raw]).parts;
  if (first === undefined) throw new Error('A part went missing.');
  return first;
}

describe('links of tool parts', () => {
  test.each([
    [{ type: 'tool_use', id: 'x' }],
    [{ type: 'tool_call', tool_call_id: 'x' }],
    [{ type: 'tool_call', id: 'x' }],
    [{ type: 'tool-call', toolCallId: 'x' }],
    [{ type: 'function_call', id: 'fc_1', call_id: 'x' }],
    [{ type: 'server_tool_use', id: 'x' }],
    [{ type: 'mcp_tool_use', id: 'x' }],
    [{ type: 'custom_tool_call', call_id: 'x' }],
  ])('%j is a split call', (raw) => {
    expect(part(raw)).toMatchObject({ link: 'call', callId: 'x', kind: 'tool' });
  });

  test.each([
    [{ type: 'tool_result', tool_use_id: 'x' }],
    [{ type: 'tool_result', id: 'x' }],
    [{ type: 'tool-result', toolCallId: 'x' }],
    [{ type: 'function_call_output', id: 'fco_1', call_id: 'x' }],
    [{ type: 'web_search_tool_result', tool_use_id: 'x' }],
    [{ type: 'computer_call_output', call_id: 'x' }],
  ])('%j answers one', (raw) => {
    expect(part(raw, 'user')).toMatchObject({ link: 'result', callId: 'x', kind: 'tool' });
  });

  test.each([
    ['input-streaming', 'open'],
    ['input-available', 'open'],
    ['approval-requested', 'open'],
    ['approval-responded', 'open'],
    ['output-available', 'none'],
    ['output-error', 'none'],
    ['output-denied', 'none'],
  ])('an AI SDK tool part in state %s is %s', (state, link) => {
    expect(part({ type: 'tool-weather', toolCallId: 'x', state })).toMatchObject({ link, kind: 'tool' });
    expect(part({ type: 'dynamic-tool', toolCallId: 'x', state })).toMatchObject({ link, kind: 'tool' });
  });

  test('a part of a tool that is named "call" or "result" carries its own result, as its state says', () => {
    expect(part({ type: 'tool-call', toolCallId: 'x', state: 'output-available' }).link).toBe('none');
    expect(part({ type: 'tool-result', toolCallId: 'x', state: 'input-available' }).link).toBe('open');
  });

  test('an AI SDK 4 invocation has its state one level down', () => {
    expect(part({ type: 'tool-invocation', toolInvocation: { state: 'call' } }).link).toBe('open');
    expect(part({ type: 'tool-invocation', toolInvocation: { state: 'result' } }).link).toBe('none');
  });

  test('a tool message answers a call, whatever its parts are called', () => {
    const said = part({ type: 'text', text: '42', tool_call_id: 'x' }, 'tool');
    expect(said).toMatchObject({ link: 'result', callId: 'x', kind: 'tool' });
    const [named] = outline('tool', [{ type: 'text', text: '42' }], { tool_call_id: 'y' }).parts;
    expect(named).toMatchObject({ link: 'result', callId: 'y', kind: 'tool' });
  });

  test('a split call without an id is shown as it is: nothing could pair it', () => {
    expect(part({ type: 'tool_call', name: 'lookup', payload: {} })).toMatchObject({
      link: 'none',
      callId: '',
    });
  });

  test('an id of any length takes a bounded place, and different ones stay different', () => {
    const ids = ['a', 'b'].map((end) => part({ type: 'tool_use', id: 'x'.repeat(5000) + end }).callId);
    expect(ids[0]?.length).toBeLessThanOrEqual(64);
    expect(ids[0]).not.toBe(ids[1]);
    expect(part({ type: 'tool_result', tool_use_id: 'x'.repeat(5000) + 'a' }).callId).toBe(ids[0]);
  });
});

describe('kinds of parts', () => {
  test.each([
    ['tool', ['tool-weather', 'tool_use', 'dynamic-tool', 'function_call', 'function_call_output']],
    ['tool', ['server_tool_use', 'web_search_call', 'web_search_tool_result', 'mcp_list_tools']],
    ['reasoning', ['reasoning', 'reasoning-file', 'thinking', 'redacted_thinking']],
    ['file', ['file', 'image', 'image_url', 'input_image', 'input_file']],
    ['source', ['source-url', 'source-document']],
    ['data', ['data-weather']],
    ['text', ['text', 'input_text', 'output_text']],
    ['step', ['step-start']],
    ['other', ['custom', 'toolbox', '']],
  ])('%s: %j', (kind, types) => {
    expect(types.map((type) => part({ type }).kind)).toEqual(types.map(() => kind));
  });
});

describe('what else an outline says', () => {
  test('developer is a system role, function a tool role, others are other', () => {
    const roles = ['developer', 'function', 'user', 'critic'].map((role) => outline(role, []).role);
    expect(roles).toEqual(['system', 'tool', 'user', 'other']);
  });

  test('white space is blank, unless it carries what a provider wants back', () => {
    expect(part({ type: 'text', text: ' \n' }).blank).toBe(true);
    expect(part({ type: 'text', text: '', state: 'done' }).blank).toBe(true);
    expect(part({ type: 'text', text: '', providerMetadata: {} }).blank).toBe(false);
    expect(part({ type: 'text', text: 'a' }).blank).toBe(false);
    expect(part({ type: 'reasoning', text: '' }).blank).toBe(false);
  });

  test('only the value true pins', () => {
    expect(outline('user', [], { pinned: true }).pinned).toBe(true);
    expect(outline('user', [], { pinned: 'true' }).pinned).toBe(false);
    expect(outline('user', [], null).pinned).toBe(false);
    expect(part({ type: 'text', metadata: { pinned: true } }).pinned).toBe(true);
  });

  test('nothing that a client sends as a part makes it throw', () => {
    const odd = [null, 1, 'x', [], { type: 7 }, { type: 'tool_use', id: {} }, { type: 'tool-x', state: [] }];
    expect(outline('assistant', odd).parts).toHaveLength(odd.length);
  });

  test('counts and spans of another message are refused', () => {
    const message = { role: 'user', parts: [{ type: 'text' }] };
    const span = { start: 0, end: 1 };
    expect(() => outlineMessage(message, { total: 3, parts: [] }, [span])).toThrow(RangeError);
    expect(() => outlineMessage(message, { total: 3, parts: [0] }, [])).toThrow(RangeError);
    expect(() => outlineMessage(message, { total: 3, parts: [4] }, [span])).toThrow(/4 tokens/);
    const tooMany = { total: maximumMessageTokens + 1, parts: [0] };
    expect(() => outlineMessage(message, tooMany, [span])).toThrow(/whole numbers/);
  });
});

describe("a client's token_count", () => {
  test.each([
    [100, [1, 1, 1]],
    [2, [5, 5]],
    [0, [1]],
    [7, [0, 0]],
    [1_000_000_000, [123456, 1, 999999]],
  ])('%d over parts of %j is shared to the token', (total, weights) => {
    const shares = shareTokens(total, weights);
    const sum = shares.parts.reduce((a, b) => a + b, 0);
    expect(shares.total).toBe(total);
    expect(sum).toBe(weights.some((weight) => weight > 0) ? total - Math.min(3, total) : 0);
    expect(shares.parts.every((each) => Number.isInteger(each) && each >= 0)).toBe(true);
  });
});
