import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  autoCompact,
  createClient,
  type Client,
  type Context,
  type Summarise,
  type SummaryRequest,
  type WindowMessage,
} from '../../src/index.js';
import { StoreProcess } from '../store-process.js';

const words = 'some words that cost tokens '.repeat(5);
const user = (text: string) => ({ role: 'user', parts: [{ type: 'text', text: `${text} ${words}` }] });
const assistant = (text: string) => ({
  role: 'assistant',
  parts: [{ type: 'text', text: `${text} ${words}` }],
});

const textOf = ({ parts }: WindowMessage): string => String(parts[0]?.['text']);

/**
 * A summary that says which messages it stands for, so that a test can tell whether any was lost or
 * counted twice on the way: `stands for 1,2,3`.
 */
function covering({ messages }: SummaryRequest): string {
  const seqs = messages.flatMap((message) =>
    message.seq === undefined ? coveredBy(message) : [message.seq],
  );
  return `stands for ${seqs.join(',')}`;
}

function coveredBy(summary: WindowMessage): number[] {
  return (/stands for ([\d,]*)/.exec(textOf(summary))?.[1] ?? '').split(',').filter(Boolean).map(Number);
}

/** The window stands for every message of the log exactly once. */
async function expectWhole(ctx: Context): Promise<{ covered: number[]; live: number[] }> {
  const { messages } = await ctx.context({ budgetTokens: 1_000_000 });
  const { lastSeq } = await ctx.info();
  const covered = messages.filter(({ seq }) => seq === undefined).flatMap(coveredBy);
  const live = messages.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  expect([...covered, ...live]).toEqual(Array.from({ length: lastSeq }, (_, i) => i + 1));
  return { covered, live };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 25_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('not within 25 seconds');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('autoCompact', () => {
  let store: StoreProcess;
  let client: Client;
  let number = 0;
  beforeAll(async () => {
    store = await StoreProcess.start();
    client = createClient({ baseUrl: store.url, retries: { count: 5000, minDelayMs: 5, maxDelayMs: 50 } });
  }, 90_000);
  afterAll(() => store.remove());

  const fresh = (): Promise<Context> =>
    client.context(`compact-${(number += 1)}`, {
      budget: 1000,
      trigger: 0.6,
      policy: { strategy: 'manual' },
    });

  async function talk(ctx: Context, turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) {
      await ctx.append(user('question'));
      await ctx.append(assistant('answer'));
    }
  }

  const notDue = (ctx: Context): Promise<boolean> =>
    ctx.info().then(({ needsCompaction }) => !needsCompaction);

  test('puts summaries in place as they become due, and keeps the newest turns and the log', async () => {
    const ctx = await fresh();
    const stop = new AbortController();
    const done: number[] = [];
    const worker = autoCompact(ctx, (request) => Promise.resolve(covering(request)), {
      signal: stop.signal,
      onCompacted: ({ upToSeq }) => done.push(upToSeq),
    });
    for (let round = 0; round < 3; round++) {
      await talk(ctx, 12);
      await until(() => notDue(ctx));
    }
    stop.abort();
    await worker;
    expect(done.length).toBeGreaterThanOrEqual(3);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    const { covered, live } = await expectWhole(ctx);
    expect(covered.at(-1)).toBe(done.at(-1));
    expect(live.length).toBeGreaterThanOrEqual(3);
    expect(await ctx.getTail({ limit: 1000 })).toHaveLength(72);
    const { messages } = await ctx.context();
    expect(messages[0]).toMatchObject({ role: 'system', metadata: { summary: true } });
  });

  test('begins at once where a summary is due already, which is how a worker restarts', async () => {
    const ctx = await fresh();
    await talk(ctx, 12);
    expect(await notDue(ctx)).toBe(false);
    const first = new AbortController();
    let began = (): void => undefined;
    const begun = new Promise<void>((resolve) => (began = resolve));
    const dying = autoCompact(
      ctx,
      ({ signal }) => {
        began();
        return new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('killed'))),
        );
      },
      { signal: first.signal },
    );
    await begun;
    first.abort();
    await dying;
    const second = new AbortController();
    const worker = autoCompact(ctx, (request) => Promise.resolve(covering(request)), {
      signal: second.signal,
    });
    await until(() => notDue(ctx));
    second.abort();
    await worker;
    await expectWhole(ctx);
  });

  test('loses nothing that is appended while the summary is being made', async () => {
    const ctx = await fresh();
    await talk(ctx, 12);
    const stop = new AbortController();
    const summarise: Summarise = async (request) => {
      await talk(ctx, 3);
      return covering(request);
    };
    const compacted = new Promise<void>((resolve) => {
      void autoCompact(ctx, summarise, { signal: stop.signal, onCompacted: () => resolve() });
    });
    await compacted;
    stop.abort();
    const { live } = await expectWhole(ctx);
    expect(live.length).toBeGreaterThanOrEqual(6 + 3);
  });

  test('with three workers that race, between appends, every message is stood for exactly once', async () => {
    const ctx = await fresh();
    const stop = new AbortController();
    let state = 7;
    const slow: Summarise = async (request) => {
      state = (state * 48271) % 2147483647;
      await new Promise((resolve) => setTimeout(resolve, state % 30));
      return covering(request);
    };
    const written: number[] = [];
    const options = {
      signal: stop.signal,
      onCompacted: ({ upToSeq }: { upToSeq: number }) => written.push(upToSeq),
    };
    const workers = [1, 2, 3].map(() => autoCompact(ctx, slow, options));
    for (let round = 0; round < 5; round++) {
      await talk(ctx, 12);
      await until(() => notDue(ctx));
    }
    stop.abort();
    await Promise.all(workers);
    expect(written.length).toBeGreaterThanOrEqual(5);
    // No summary was written over one that stood for more.
    expect(new Set(written).size).toBe(written.length);
    await expectWhole(ctx);
  });

  test('goes on over a restart of the store', async () => {
    const ctx = await fresh();
    const stop = new AbortController();
    const worker = autoCompact(ctx, (request) => Promise.resolve(covering(request)), { signal: stop.signal });
    await talk(ctx, 4);
    await store.kill();
    await store.start();
    await talk(ctx, 15);
    await until(() => notDue(ctx));
    stop.abort();
    await worker;
    await expectWhole(ctx);
  }, 90_000);

  test('keeps the system prompt in front and what is pinned whole', async () => {
    const ctx = await fresh();
    await ctx.append({ id: 'rules', role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] });
    await talk(ctx, 2);
    await ctx.append({ ...user('my name is Ada'), id: 'name', metadata: { pinned: true } });
    const stop = new AbortController();
    let count = 0;
    const worker = autoCompact(ctx, () => Promise.resolve('So far.'), {
      signal: stop.signal,
      onCompacted: () => (count += 1),
    });
    for (let round = 0; round < 2; round++) {
      await talk(ctx, 12);
      await until(() => notDue(ctx));
    }
    stop.abort();
    await worker;
    expect(count).toBeGreaterThan(1);
    const { messages } = await ctx.context();
    expect(messages.slice(0, 3).map(({ id, role }) => [role, id])).toEqual([
      ['system', 'rules'],
      ['system', 'window-2'],
      ['user', 'name'],
    ]);
    expect(messages.filter(({ id }) => id === 'name')).toHaveLength(1);
  });

  test('waits where the last turn is all there is', async () => {
    const ctx = await fresh();
    await ctx.append(user(words.repeat(25)));
    expect(await notDue(ctx)).toBe(false);
    const stop = new AbortController();
    let calls = 0;
    const worker = autoCompact(
      ctx,
      (request) => {
        calls += 1;
        return Promise.resolve(covering(request));
      },
      { signal: stop.signal },
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(calls).toBe(0);
    await ctx.append(assistant('answer'));
    await ctx.append(user('next'));
    await until(() => calls > 0);
    await until(() => notDue(ctx));
    stop.abort();
    await worker;
    await expectWhole(ctx);
  });

  test('a summariser that fails is reported and tried again; without onError it rejects', async () => {
    const ctx = await fresh();
    await talk(ctx, 12);
    await expect(autoCompact(ctx, () => Promise.reject(new Error('no model')))).rejects.toThrow('no model');
    const stop = new AbortController();
    const errors: unknown[] = [];
    let tries = 0;
    const flaky: Summarise = (request) => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error('no model')) : Promise.resolve(covering(request));
    };
    const worker = autoCompact(ctx, flaky, { signal: stop.signal, onError: (error) => errors.push(error) });
    await until(() => notDue(ctx));
    stop.abort();
    await worker;
    expect(errors).toEqual([expect.objectContaining({ message: 'no model' })]);
  });

  test('a summary that the store does not take is an error, not a loop', async () => {
    const ctx = await fresh();
    await talk(ctx, 12);
    const summary = [{ role: 'assistant', parts: [{ type: 'text', text: 'An assistant cannot begin.' }] }];
    await expect(autoCompact(ctx, () => Promise.resolve(summary))).rejects.toMatchObject({
      code: 'invalid_window',
    });
  });

  test('ends with its signal, with the context, and with an error where there is none', async () => {
    const ctx = await fresh();
    const waiting = autoCompact(ctx, () => Promise.resolve(''), {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await ctx.delete();
    await waiting;
    await autoCompact(ctx, () => Promise.resolve(''));
    await autoCompact(await fresh(), () => Promise.resolve(''), { signal: AbortSignal.abort() });
    const nobody = await client.context('nobody');
    const options = { onError: () => undefined };
    await expect(autoCompact(nobody, () => Promise.resolve(''), options)).rejects.toMatchObject({
      name: 'NotFoundError',
    });
  });
});
