import fc from 'fast-check';
import type { MessageInput } from '../../src/index.js';

/*
 * Conversations as applications write them: the AI SDK's parts or the split ones of OpenAI and
 * Anthropic, with parallel calls, calls that nobody answered, reasoning, files, and empty text.
 * Every text is unique, so that a test can find it again.
 */

interface Names {
  text(words: string): string;
  callId(): string;
}

function names(): Names {
  let texts = 0;
  let calls = 0;
  return {
    text: (words) => `${words}<${(texts += 1)}>`,
    callId: () => `call:${(calls += 1)}.${'x'.repeat(calls % 3 === 0 ? 50 : 3)}`,
  };
}

const words = fc.constantFrom('Hello', 'Hm', 'see\nbelow', '"quoted"', 'ä🦙');
const result = fc.constantFrom<unknown>('sunny', '', { celsius: 21 }, [1, 'two'], null, [
  { type: 'text', text: 'a' },
  { type: 'text', text: 'b' },
]);
const input = fc.constantFrom<unknown>({ city: 'Bergen' }, {}, 'text', null, [1]);

type Make<T> = (names: Names) => T;
type Part = Record<string, unknown> & { type: string };

const png = 'data:image/png;base64,iVBORw0KGgo=';
const userPart: fc.Arbitrary<Make<Part>> = fc.oneof(
  { weight: 5, arbitrary: words.map((word) => (n: Names): Part => ({ type: 'text', text: n.text(word) })) },
  fc.constantFrom<Make<Part>>(
    () => ({ type: 'text', text: ' \n' }),
    () => ({ type: 'file', mediaType: 'image/png', url: png }),
    () => ({
      type: 'file',
      mediaType: 'application/pdf',
      url: 'data:application/pdf;base64,JVBERi0=',
      filename: 'a.pdf',
    }),
    () => ({ type: 'file', mediaType: 'text/plain', url: 'data:text/plain,h%C3%A4', filename: 'a.txt' }),
    () => ({ type: 'file', mediaType: 'video/mp4', url: 'https://example.com/a.mp4' }),
    () => ({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }),
    () => ({ type: 'data-location', data: { city: 'Bergen' } }),
  ),
);

const states = fc.constantFrom(
  'output-available',
  'output-available',
  'output-available',
  'output-error',
  'output-denied',
  'input-available',
  'input-streaming',
  'approval-requested',
);

/** Parts of one message of the AI SDK: several steps, each with its thinking, text and calls. */
const aiSdkPart: fc.Arbitrary<Make<Part>> = fc.oneof(
  words.map((word) => (n: Names): Part => ({ type: 'text', text: n.text(word), state: 'done' })),
  fc.constant(() => ({ type: 'step-start' })),
  words.map((word) => (n: Names): Part => ({
    type: 'reasoning',
    text: n.text(word),
    providerMetadata: { anthropic: { signature: 'c2ln' } },
  })),
  fc.constantFrom<Make<Part>>(
    () => ({ type: 'reasoning', text: 'unsigned' }),
    () => ({ type: 'reasoning', text: '', providerMetadata: { anthropic: { redactedData: 'cmVk' } } }),
    () => ({ type: 'source-url', sourceId: 's', url: 'https://example.com' }),
    () => ({ type: 'text', text: '' }),
    () => ({ type: 'file', mediaType: 'image/png', url: png }),
  ),
  fc
    .tuple(states, input, result, fc.boolean())
    .map(([state, given, output, dynamic]) => (n: Names): Part => ({
      ...(dynamic ? { type: 'dynamic-tool', toolName: 'weather' } : { type: 'tool-weather' }),
      toolCallId: n.callId(),
      state,
      input: given,
      ...(state === 'output-available' ? { output } : {}),
      ...(state === 'output-error' ? { errorText: n.text('failed') } : {}),
    })),
);

const message = (role: string, parts: Part[]): MessageInput => ({
  role,
  parts: parts.length === 0 ? [{ type: 'data-none' }] : parts,
});

const aiSdkAnswer: fc.Arbitrary<Make<MessageInput[]>> = fc
  .array(aiSdkPart, { minLength: 1, maxLength: 6 })
  .map((parts) => (n: Names) => [
    message(
      'assistant',
      parts.map((make) => make(n)),
    ),
  ]);

/** One round of calls with their results in messages of their own; some results are missing. */
const splitAnswer: fc.Arbitrary<Make<MessageInput[]>> = fc
  .record({
    openai: fc.boolean(),
    calls: fc.array(fc.record({ given: input, output: result, answered: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
    }),
    between: fc.boolean(),
    after: fc.boolean(),
  })
  .map(({ openai, calls, between, after }) => (n: Names) => {
    const ids = calls.map(() => n.callId());
    const idOf = (index: number): string => ids[index] ?? '';
    const say = (): Part => ({ type: 'text', text: n.text('text') });
    const call = ({ given }: (typeof calls)[number], index: number): Part =>
      openai
        ? { type: 'function_call', call_id: idOf(index), name: 'weather', arguments: JSON.stringify(given) }
        : { type: 'tool_use', id: idOf(index), name: 'weather', input: given };
    const results = calls.flatMap(({ output, answered }, index): Part[] => {
      if (!answered) return [];
      const id = idOf(index);
      return [
        openai
          ? { type: 'function_call_output', call_id: id, output }
          : { type: 'tool_result', tool_use_id: id, content: output },
      ];
    });
    const messages = [message('assistant', [say(), ...calls.map(call)])];
    if (between) messages.push(message('assistant', [say()]));
    if (openai) for (const part of results) messages.push(message('tool', [part]));
    else if (results.length > 0) messages.push(message('user', results));
    if (after) messages.push(message('assistant', [say()]));
    return messages;
  });

const turn: fc.Arbitrary<Make<MessageInput[]>> = fc
  .record({
    asks: fc.array(userPart, { minLength: 1, maxLength: 3 }),
    answers: fc.array(fc.oneof(aiSdkAnswer, splitAnswer), { maxLength: 3 }),
    pinned: fc.boolean(),
  })
  .map(({ asks, answers, pinned }) => (n: Names) => {
    const question = message('user', [{ type: 'text', text: n.text('ask') }, ...asks.map((make) => make(n))]);
    return [
      pinned && answers.length === 1 ? { ...question, metadata: { pinned: true } } : question,
      ...answers.flatMap((make) => make(n)),
    ];
  });

/** Whole histories; the last turn may be open. */
export const histories: fc.Arbitrary<MessageInput[]> = fc
  .record({ system: fc.boolean(), turns: fc.array(turn, { minLength: 1, maxLength: 6 }) })
  .map(({ system, turns }) => {
    const n = names();
    const head = system ? [message('system', [{ type: 'text', text: n.text('rules') }])] : [];
    return [...head, ...turns.flatMap((make) => make(n))];
  });

/** The texts that reach a model, in order: not those of reasoning. */
export function textsOf(
  messages: readonly { readonly role: string; readonly parts: readonly { readonly type: string }[] }[],
): string[] {
  return messages
    .filter(({ role }) => role === 'user' || role === 'assistant')
    .flatMap(({ parts }) => parts as readonly { type: string; text?: unknown }[])
    .flatMap(({ type, text }) =>
      type === 'text' && typeof text === 'string' && text.trim() !== '' ? [text] : [],
    );
}
