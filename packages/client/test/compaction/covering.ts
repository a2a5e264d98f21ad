import { expect } from '@jest/globals';
import type { Context, SummaryRequest, WindowMessage } from '../../src/index.js';

export const words = 'some words that cost tokens '.repeat(5);
export const user = (text: string) => ({ role: 'user', parts: [{ type: 'text', text: `${text} ${words}` }] });
export const assistant = (text: string) => ({
  role: 'assistant',
  parts: [{ type: 'text', text: `${text} ${words}` }],
});

const textOf = ({ parts }: WindowMessage): string => String(parts[0]?.['text']);

/**
 * A summary that says which messages it stands for, so that a test can tell whether any was lost or
 * counted twice on the way: `stands for 1,2,3`.
 */
export function covering({ messages }: SummaryRequest): string {
  const seqs = messages.flatMap((message) =>
    message.seq === undefined ? coveredBy(message) : [message.seq],
  );
  return `stands for ${seqs.join(',')}`;
}

function coveredBy(summary: WindowMessage): number[] {
  return (/stands for ([\d,]*)/.exec(textOf(summary))?.[1] ?? '').split(',').filter(Boolean).map(Number);
}

/** The window stands for every message of the log exactly once. */
export async function expectWhole(ctx: Context): Promise<{ covered: number[]; live: number[] }> {
  const { messages } = await ctx.context({ budgetTokens: 1_000_000 });
  const { lastSeq } = await ctx.info();
  const covered = messages.filter(({ seq }) => seq === undefined).flatMap(coveredBy);
  const live = messages.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  expect([...covered, ...live]).toEqual(Array.from({ length: lastSeq }, (_, i) => i + 1));
  return { covered, live };
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 25_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('not within 25 seconds');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** So many questions and answers. */
export async function talk(ctx: Context, turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) {
    await ctx.append(user('question'));
    await ctx.append(assistant('answer'));
  }
}

export const notDue = (ctx: Context): Promise<boolean> =>
  ctx.info().then(({ needsCompaction }) => !needsCompaction);
