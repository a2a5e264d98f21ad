import type { LanguageModel } from 'ai';
import { MockLanguageModelV4, simulateReadableStream } from 'ai/test';

type StreamResult = Awaited<ReturnType<MockLanguageModelV4['doStream']>>;
type Chunk = StreamResult['stream'] extends ReadableStream<infer C> ? C : never;
type Prompt = MockLanguageModelV4['doStreamCalls'][number]['prompt'];

const usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

/**
 * A model that needs no key: it says what it was asked and how much it was given to read, and calls the
 * weather tool where the question has the word in it.
 */
export function mockModel(): LanguageModel {
  return new MockLanguageModelV4({
    modelId: 'mock',
    doStream: ({ prompt }) => {
      const chunks = callsWeather(prompt) ? weatherCall(prompt) : speech(answerTo(prompt));
      return Promise.resolve({
        stream: simulateReadableStream({ chunks, initialDelayInMs: 30, chunkDelayInMs: 15 }),
      });
    },
    doGenerate: ({ prompt }) =>
      Promise.resolve({
        content: [{ type: 'text', text: summaryOf(prompt) }],
        finishReason: { unified: 'stop', raw: undefined },
        usage,
        warnings: [],
      }),
  });
}

function callsWeather(prompt: Prompt): boolean {
  return prompt.at(-1)?.role === 'user' && /weather/i.test(lastQuestion(prompt));
}

function weatherCall(prompt: Prompt): Chunk[] {
  const city = /in ([A-Z][a-zé]+)/.exec(lastQuestion(prompt))?.[1] ?? 'Bergen';
  return [
    {
      type: 'tool-call',
      toolCallId: `call-${prompt.length}`,
      toolName: 'weather',
      input: JSON.stringify({ city }),
    },
    { type: 'finish', usage, finishReason: { unified: 'tool-calls', raw: undefined } },
  ];
}

function speech(text: string): Chunk[] {
  return [
    { type: 'text-start', id: 'answer' },
    ...text.split(/(?<= )/).map((delta): Chunk => ({ type: 'text-delta', id: 'answer', delta })),
    { type: 'text-end', id: 'answer' },
    { type: 'finish', usage, finishReason: { unified: 'stop', raw: undefined } },
  ];
}

function answerTo(prompt: Prompt): string {
  const last = prompt.at(-1);
  if (last?.role === 'tool') {
    const outputs = last.content.map((part) =>
      'output' in part && 'value' in part.output ? part.output.value : null,
    );
    return `The tool says: ${JSON.stringify(outputs)}`;
  }
  const read = prompt.filter(({ role }) => role !== 'system').length;
  return `You said “${lastQuestion(prompt)}”. I was given ${read} messages to read${hasSummary(prompt) ? ' and a summary' : ''}.`;
}

function hasSummary(prompt: Prompt): boolean {
  return prompt.some(({ role, content }) => role === 'system' && String(content).includes('Summary'));
}

/** The text of the newest user message. */
function lastQuestion(prompt: Prompt): string {
  const message = prompt.findLast(({ role }) => role === 'user');
  if (message?.role !== 'user') return '';
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
}

const summaryStart = 'Summary of what was said before. The user wrote: ';

/** What the user wrote, in a few words each; of an earlier summary all that it has. */
function summaryOf(prompt: Prompt): string {
  const topics = lastQuestion(prompt)
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('user:')) return [line.slice('user:'.length).trim().slice(0, 24)];
      return line.startsWith(`system: ${summaryStart}`)
        ? line.slice(`system: ${summaryStart}`.length).split('; ')
        : [];
    });
  return summaryStart + topics.slice(-20).join('; ');
}
