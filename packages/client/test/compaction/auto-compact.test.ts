import { describe, expect, test } from '@jest/globals';
import { autoCompact, createClient, type Context, type Summarise } from '../../src/index.js';
import { sharedStoreUrl } from '../shared-store.js';
import { assistant, covering, expectWhole, notDue, talk, until, user, words } from './covering.js';

describe('autoCompact', () => {
  const client = createClient({ baseUrl: sharedStoreUrl() });
  let number = 0;

  const fresh = (): Promise<Context> =>
    client.context(`compact-${(number += 1)}`, {
      budget: 1000,
      trigger: 0.6,
      policy: { strategy: 'manual' },
    });

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
