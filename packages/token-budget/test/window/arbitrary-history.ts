import fc from 'fast-check';
import { defaultSkipKinds } from '../../src/index.js';
import type { WindowPolicy } from '../../src/index.js';
import type { TestMessage, TestPart } from './conversation.js';

/** One step in the life of a context. */
export type Step =
  | { readonly kind: 'append'; readonly messages: readonly TestMessage[] }
  | {
      readonly kind: 'compact';
      readonly replacement: readonly TestMessage[];
      /** Share of the log that it stands for; null: no `up_to_seq`. */
      readonly share: number | null;
    }
  | { readonly kind: 'policy'; readonly policy: WindowPolicy }
  | { readonly kind: 'budget'; readonly tokens: number; readonly triggerRatio: number };

const id = fc.constantFrom('a', 'b', 'c');

const callPart = fc.oneof(
  id.map((each): TestPart => ({ type: 'tool_use', id: each, input: {} })),
  id.map((each): TestPart => ({ type: 'function_call', id: 'fc', call_id: each, arguments: '{}' })),
  id.map((each): TestPart => ({ type: 'tool-call', toolCallId: each, input: {} })),
  id.map((each): TestPart => ({ type: 'tool_call', tool_call_id: each, input: {} })),
);

const resultPart = fc.oneof(
  id.map((each): TestPart => ({ type: 'tool_result', tool_use_id: each, is_error: true })),
  id.map((each): TestPart => ({ type: 'function_call_output', id: 'o', call_id: each, output: '' })),
  id.map((each): TestPart => ({ type: 'tool-result', toolCallId: each, output: {} })),
);

const state = fc.constantFrom(
  'output-available',
  'output-available',
  'output-error',
  'output-denied',
  'input-available',
  'input-streaming',
  'approval-requested',
);

const wholePart = fc.oneof(
  fc.tuple(id, state).map(([each, at]): TestPart => ({ type: 'tool-look', toolCallId: each, state: at })),
  fc.tuple(id, state).map(([each, at]): TestPart => ({ type: 'dynamic-tool', toolCallId: each, state: at })),
);

const textPart = fc
  .constantFrom('hello', 'hello', 'hello', '', '  \n')
  .map((text): TestPart => ({ type: 'text', text }));

const plainPart = fc.oneof(
  { weight: 5, arbitrary: textPart },
  fc.constant<TestPart>({ type: 'text', text: '', providerMetadata: { google: { thoughtSignature: 's' } } }),
  fc.constant<TestPart>({ type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' }),
  fc.constant<TestPart>({ type: 'image', source: {} }),
  fc.constant<TestPart>({ type: 'data-weather', data: {} }),
);

const assistantPart = fc.oneof(
  { weight: 3, arbitrary: textPart },
  { weight: 3, arbitrary: callPart },
  { weight: 2, arbitrary: wholePart },
  { weight: 2, arbitrary: fc.constant<TestPart>({ type: 'reasoning', text: 'hm', signature: 's' }) },
  fc.constant<TestPart>({ type: 'thinking', thinking: 'hm', signature: 's' }),
  fc.constant<TestPart>({ type: 'step-start' }),
  fc.constant<TestPart>({ type: 'source-url', url: 'https://example.com' }),
  resultPart,
);

function messageOf(role: string, part: fc.Arbitrary<TestPart>, pins: number): fc.Arbitrary<TestMessage> {
  return fc
    .tuple(
      fc.array(fc.tuple(part, fc.integer({ min: 0, max: 25 })), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 99 }),
    )
    .map(([parts, pin]) => ({
      role,
      parts: parts.map(([each]) => each),
      tokens: parts.map(([, tokens]) => tokens),
      ...(pin < pins ? { metadata: { pinned: true } } : {}),
    }));
}

const userMessage = messageOf('user', plainPart, 4);
const systemMessage = messageOf('system', textPart, 4);
const wellFormedUser = userMessage.filter(({ parts }) => parts.some(({ text }) => text === 'hello'));

const anyMessage = fc.oneof(
  { weight: 6, arbitrary: userMessage },
  { weight: 9, arbitrary: messageOf('assistant', assistantPart, 4) },
  { weight: 4, arbitrary: messageOf('user', resultPart, 2) },
  { weight: 1, arbitrary: messageOf('user', fc.oneof(resultPart, textPart), 2) },
  // What no client should send, and one will.
  { weight: 2, arbitrary: messageOf('user', fc.oneof(wholePart, callPart, textPart), 8) },
  { weight: 1, arbitrary: messageOf('system', fc.oneof(wholePart, callPart, resultPart), 8) },
  { weight: 1, arbitrary: messageOf('narrator', assistantPart, 8) },
  { weight: 3, arbitrary: messageOf('tool', resultPart, 2) },
  { weight: 1, arbitrary: systemMessage },
);

const finishedAnswer = messageOf('assistant', fc.constant<TestPart>({ type: 'text', text: 'fine' }), 0);
const instruction = messageOf('system', fc.constant<TestPart>({ type: 'text', text: 'be kind' }), 0);

/** What `checkReplacement` lets through. */
const replacement = fc
  .tuple(
    fc.array(instruction, { maxLength: 2 }),
    fc.array(fc.tuple(wellFormedUser, fc.array(finishedAnswer, { maxLength: 2 })), { maxLength: 3 }),
  )
  .map(([head, turns]) => [...head, ...turns.flatMap(([first, answers]) => [first, ...answers])]);

const kinds: fc.Arbitrary<readonly string[]> = fc.subarray(
  ['tool', 'reasoning', 'file', 'source', 'data', 'text', 'step-start'],
  {
    minLength: 1,
  },
);

export const lastNPolicy: fc.Arbitrary<WindowPolicy> = fc
  .oneof(fc.integer({ min: 1, max: 12 }), fc.constant(200))
  .map((limit) => ({ strategy: 'last_n', limit }));

export const skipPolicy: fc.Arbitrary<WindowPolicy> = fc.record({
  strategy: fc.constant('skip_parts' as const),
  skipKinds: fc.oneof(fc.constant(defaultSkipKinds), kinds),
  limit: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }),
  keepLast: fc.integer({ min: 0, max: 5 }),
});

export const anyPolicy: fc.Arbitrary<WindowPolicy> = fc.oneof(
  lastNPolicy,
  skipPolicy,
  fc.constant<WindowPolicy>({ strategy: 'manual' }),
);

const appendStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('append' as const),
  messages: fc.array(anyMessage, { minLength: 1, maxLength: 3 }),
});

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 16, arbitrary: appendStep },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      replacement,
      share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('policy' as const), policy: anyPolicy }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('budget' as const),
      tokens: fc.integer({ min: 20, max: 500 }),
      triggerRatio: fc.constantFrom(0.3, 0.5, 0.7, 1),
    }),
  },
);

/** A history, with a system message first more often than not. */
export const anyHistory: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.option(instruction), fc.array(anyStep, { minLength: 1, maxLength: 30, size: 'max' }))
  .map(([first, steps]) =>
    first === null ? steps : [{ kind: 'append' as const, messages: [first] }, ...steps],
  );

export function upToSeq(share: number | null, lastSeq: number): number | undefined {
  return share === null ? undefined : Math.round(share * lastSeq);
}
