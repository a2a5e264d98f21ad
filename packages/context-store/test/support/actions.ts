import fc from 'fast-check';

import type { ContextSettings } from '../../src/context/context-settings.js';
import type { MessageInput } from '../../src/message/message-input.js';

export type Action =
  | { readonly type: 'put'; readonly id: string; readonly settings: ContextSettings }
  | {
      readonly type: 'append';
      readonly id: string;
      readonly messages: readonly MessageInput[];
      readonly key?: string;
      /** Added to the current version, where there is one. */
      readonly versionOffset?: number;
    }
  | {
      readonly type: 'compact';
      readonly id: string;
      readonly messages: readonly MessageInput[];
      /** Share of the log that the replacement stands for. */
      readonly upTo?: number;
    }
  | { readonly type: 'patch'; readonly id: string; readonly patch: Record<string, unknown> }
  | { readonly type: 'tombstone' | 'erase'; readonly id: string }
  /** Messages reach the archive, and the local log is trimmed behind them. */
  | {
      readonly type: 'archive';
      readonly id: string;
      /** Share of the log that is in the archive then. */
      readonly share: number;
      readonly tailKeep: number;
      readonly trimSteps: number;
    }
  /** The machine loses its memory, or the store is closed and opened with or without a last write. */
  | { readonly type: 'forget' | 'restart' | 'crash' };

const id = fc.constantFrom('a', 'b', 'c');

const settings: fc.Arbitrary<ContextSettings> = fc.record(
  {
    tokenBudget: fc.integer({ min: 20, max: 400 }),
    triggerRatio: fc.constantFrom(0.3, 0.7, 1),
    policy: fc.constantFrom<NonNullable<ContextSettings['policy']>>(
      { strategy: 'last_n', config: { limit: 5 } },
      { strategy: 'last_n', config: {} },
      { strategy: 'skip_parts', config: { keep_last: 2 } },
      { strategy: 'skip_parts', config: { skip_kinds: ['tool', 'text'], limit: 6 } },
      { strategy: 'manual', config: { note: 'mine' } },
    ),
    metadata: fc.dictionary(fc.constantFrom('x', 'y', '__proto__'), fc.integer()),
    status: fc.constant('active' as const),
  },
  { requiredKeys: [] },
);

const callId = fc.constantFrom('t1', 't2', 't3');
const part = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 60 }).map((text) => ({ type: 'text', text: `x${text}` })) },
  callId.map((call) => ({ type: 'tool_call', id: call, name: 'look', input: { at: 'here' } })),
  callId.map((call) => ({ type: 'tool_result', tool_use_id: call, output: 'seen' })),
  fc.record({
    type: fc.constant('tool-look'),
    toolCallId: callId,
    state: fc.constantFrom('input-available', 'output-available'),
    output: fc.constant('much output that is long enough to count'),
  }),
  fc.constant({ type: 'reasoning', text: 'thinking about it for some time, at length' }),
  fc.constant({ type: 'text', text: '  ' }),
);

const message = (ids: fc.Arbitrary<string>): fc.Arbitrary<MessageInput> =>
  fc.record(
    {
      role: fc.constantFrom('user', 'user', 'assistant', 'assistant', 'system', 'tool'),
      parts: fc.array(part, { minLength: 1, maxLength: 3 }),
      metadata: fc.constantFrom({}, { pinned: true }, { é: 'ü' }),
      tokenCount: fc.integer({ min: 0, max: 60 }),
      id: ids,
    },
    { requiredKeys: ['role', 'parts'] },
  );

const batch = fc
  .array(message(fc.constantFrom('m1', 'm2', 'm3', 'm4')), { minLength: 1, maxLength: 3 })
  .filter((messages) => {
    const ids = messages.flatMap((each) => each.id ?? []);
    return new Set(ids).size === ids.length;
  });

const replacement = fc.array(
  fc.record({
    role: fc.constantFrom('user', 'assistant'),
    parts: fc.array(
      fc.record({
        type: fc.constant('text'),
        text: fc.string({ minLength: 1, maxLength: 40 }).map((t) => `s${t}`),
      }),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
  }),
  { maxLength: 3 },
);

const append = fc.record(
  {
    type: fc.constant('append' as const),
    id,
    messages: batch,
    key: fc.constantFrom('k1', 'k2'),
    versionOffset: fc.constantFrom(0, 0, 0, -1, 1),
  },
  { requiredKeys: ['type', 'id', 'messages'] },
);
const compact = fc.record(
  {
    type: fc.constant('compact' as const),
    id,
    messages: replacement.map((messages) =>
      messages.map((each, at) => (at === 0 ? { ...each, role: 'user' } : each)),
    ),
    upTo: fc.double({ min: 0, max: 1.2, noNaN: true }),
  },
  { requiredKeys: ['type', 'id', 'messages'] },
);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: append },
  { weight: 2, arbitrary: compact },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('put' as const), id, settings }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('patch' as const),
      id,
      patch: fc.dictionary(fc.constantFrom('x', 'z'), fc.option(fc.integer())),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('tombstone' as const, 'erase' as const), id }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('archive' as const),
      id,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      tailKeep: fc.integer({ min: 0, max: 4 }),
      trimSteps: fc.constantFrom(1, 3, 1_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom('forget' as const, 'restart' as const, 'crash' as const) }),
  },
);

/** Histories of three contexts that exist from the start. */
export const history = (maxLength: number): fc.Arbitrary<readonly Action[]> =>
  fc
    .array(action, { minLength: 5, maxLength, size: 'max' })
    .map((actions) => [
      ...['a', 'b', 'c'].map((each): Action => ({ type: 'put', id: each, settings: {} })),
      ...actions,
    ]);
