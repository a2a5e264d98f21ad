import { describe, expect, test } from '@jest/globals';
import type { UIMessage } from 'ai';
import {
  BudgetError,
  ConflictError,
  IdempotencyConflictError,
  InvalidRequestError,
  NotFoundError,
  TombstonedError,
  createClient,
} from '../src/index.js';
import { sharedStoreUrl } from './shared-store.js';

const text = (words: string) => [{ type: 'text', text: words }];
const user = (words: string) => ({ role: 'user', parts: text(words) });
const assistant = (words: string) => ({ role: 'assistant', parts: text(words) });

describe('against a real server', () => {
  const client = createClient({ baseUrl: `${sharedStoreUrl()}/v1/` });
  let number = 0;
  const freshId = (): string => `rest-${(number += 1)}`;

  test('a context is created with its settings, and a later call keeps what it leaves out', async () => {
    const id = freshId();
    const ctx = await client.context(id, {
      budget: 4000,
      trigger: 0.5,
      policy: { strategy: 'last_n', config: { limit: 10 } },
      metadata: { customer: 'c-1' },
    });
    await client.context(id, { budget: 5000 });
    expect(await ctx.info()).toMatchObject({
      id,
      status: 'active',
      tokenBudget: 5000,
      triggerRatio: 0.5,
      policy: { strategy: 'last_n', config: { limit: 10 } },
      metadata: { customer: 'c-1' },
      version: 0,
      lastSeq: 0,
      usedTokens: 0,
      needsCompaction: false,
    });
  });

  test('an append answers seq, version and tokens; messages come back with id and metadata', async () => {
    const ctx = await client.context(freshId(), {});
    const message = { id: 'm1', role: 'user', parts: text('Hi'), metadata: { a: [1, { b: null }] } };
    const first = await ctx.append(message);
    expect(first).toEqual({ seq: 1, version: 1, tokenEstimate: expect.any(Number), deduped: false });
    expect(await ctx.append(assistant('Hello'), { tokenCount: 77 })).toMatchObject({
      seq: 2,
      tokenEstimate: 77,
    });
    const [one, two] = await ctx.getTail();
    expect(one).toEqual({
      ...message,
      seq: 1,
      tokenCount: first.tokenEstimate,
      insertedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(two).toEqual({
      id: 'seq-2',
      role: 'assistant',
      parts: text('Hello'),
      seq: 2,
      tokenCount: 77,
      insertedAt: expect.any(String),
    });
  });

  test('a batch is one version; its answer has one result a message', async () => {
    const ctx = await client.context(freshId(), {});
    const answer = await ctx.append([user('a'), { ...assistant('b'), tokenCount: 5 }]);
    expect(answer).toEqual({
      version: 1,
      results: [
        { seq: 1, tokenEstimate: expect.any(Number) },
        { seq: 2, tokenEstimate: 5 },
      ],
      deduped: false,
    });
  });

  test('ifVersion turns a race into a ConflictError with the current version', async () => {
    const ctx = await client.context(freshId(), {});
    await ctx.append(user('a'), { ifVersion: 0 });
    const error = await ctx.append(user('b'), { ifVersion: 0 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      name: 'ConflictError',
      code: 'conflict',
      status: 409,
      currentVersion: 1,
      outcomeUnknown: false,
      attempts: 1,
    });
    await expect(ctx.context({ ifVersion: 0 })).rejects.toBeInstanceOf(ConflictError);
    expect((await ctx.getTail()).length).toBe(1);
  });

  test('the same key gives the first answer again, and refuses other content', async () => {
    const ctx = await client.context(freshId(), {});
    const first = await ctx.append(user('a'), { idempotencyKey: 'k' });
    expect(await ctx.append(user('a'), { idempotencyKey: 'k' })).toEqual({ ...first, deduped: true });
    await expect(ctx.append(user('b'), { idempotencyKey: 'k' })).rejects.toBeInstanceOf(
      IdempotencyConflictError,
    );
  });

  test('a window can be read within another budget, and explained', async () => {
    const ctx = await client.context(freshId(), { budget: 1000, policy: { strategy: 'manual' } });
    for (let i = 0; i < 10; i++) {
      await ctx.append([user(`question ${i}`), assistant('answer '.repeat(20))]);
    }
    const whole = await ctx.context();
    expect(whole.messages).toHaveLength(20);
    expect(whole.version).toBe(10);
    expect(whole.segments).toEqual([{ type: 'live', fromSeq: 1, toSeq: 20, tokens: whole.usedTokens }]);
    const small = await ctx.context({ budgetTokens: 100, explain: true });
    expect(small.usedTokens).toBeLessThanOrEqual(100);
    expect(small.messages.length).toBeLessThan(20);
    expect(small.explain).toContainEqual({
      seq: 20,
      kept: true,
      reason: expect.any(String),
      tokens: expect.any(Number),
    });
    const error = await ctx.context({ budgetTokens: 5 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BudgetError);
    const { minimumTokens } = error as BudgetError;
    expect((await ctx.context({ budgetTokens: minimumTokens })).usedTokens).toBeLessThanOrEqual(
      minimumTokens,
    );
  });

  test('all history is iterated in order, whatever the size of a page', async () => {
    const ctx = await client.context(freshId(), {});
    for (let i = 0; i < 5; i++) {
      await ctx.append(Array.from({ length: 41 }, (_, j) => user(`${i}/${j}`)));
    }
    for (const pageSize of [1000, 50, 7]) {
      const seqs: number[] = [];
      for await (const { seq } of ctx.messages({ pageSize })) seqs.push(seq);
      expect(seqs).toEqual(Array.from({ length: 205 }, (_, i) => i + 1));
    }
    const range: number[] = [];
    for await (const { seq } of ctx.messages({ fromSeq: -20, toSeq: 190, pageSize: 3 })) range.push(seq);
    expect(range).toEqual([186, 187, 188, 189, 190]);
    expect((await ctx.getTail({ limit: 2, offset: 5 })).map(({ seq }) => seq)).toEqual([199, 200]);
  });

  test('compact puts a replacement in place and keeps later messages live', async () => {
    const ctx = await client.context(freshId(), {});
    await ctx.append([user('a'), assistant('b'), user('c')]);
    const { version } = await ctx.compact([{ role: 'system', parts: text('A summary.') }], {
      upToSeq: 2,
      ifVersion: 1,
    });
    expect(version).toBe(2);
    const { messages } = await ctx.context();
    expect(messages.map(({ id, seq, parts }) => [id, seq, parts])).toEqual([
      ['window-1', undefined, text('A summary.')],
      ['seq-3', 3, text('c')],
    ]);
    // What was read can be sent again: the window of a context as the replacement of another one.
    const copy = await client.context(freshId(), {});
    await copy.compact(messages);
    expect((await copy.context()).messages.map(({ parts }) => parts)).toEqual([
      text('A summary.'),
      text('c'),
    ]);
  });

  test('metadata is merged; contexts are listed by prefix, status and metadata', async () => {
    const prefix = `list-${freshId()}-`;
    for (let i = 0; i < 7; i++) {
      const ctx = await client.context(`${prefix}${i}`, {
        metadata: { tenant: i % 2 ? 'odd' : 'even', x: 1 },
      });
      expect((await ctx.patchMetadata({ x: null, y: i })).metadata).toEqual({
        tenant: i % 2 ? 'odd' : 'even',
        y: i,
      });
    }
    await client.deleteContext(`${prefix}0`);
    const page = await client.contexts.list({ prefix, limit: 3 });
    expect(page.contexts.map(({ id }) => id)).toEqual([0, 1, 2].map((i) => `${prefix}${i}`));
    expect(page.nextCursor).not.toBeNull();
    const all: string[] = [];
    for await (const { id } of client.contexts.all({ prefix, limit: 2 })) all.push(id);
    expect(all).toHaveLength(7);
    const odd = await client.contexts.list({ prefix, metadata: { tenant: 'odd' } });
    expect(odd.contexts.map(({ id }) => id)).toEqual([1, 3, 5].map((i) => `${prefix}${i}`));
    const gone = await client.contexts.list({ prefix, status: 'tombstoned' });
    expect(gone.contexts.map(({ id }) => id)).toEqual([`${prefix}0`]);
  });

  test('a deleted context can be read, not written; it comes back, or goes for good', async () => {
    const id = freshId();
    const ctx = await client.context(id, {});
    await ctx.append(user('a'));
    await ctx.delete();
    await client.deleteContext(id);
    await expect(ctx.append(user('b'))).rejects.toBeInstanceOf(TombstonedError);
    await expect(client.context(id, { budget: 1 })).rejects.toBeInstanceOf(TombstonedError);
    expect(await ctx.getTail()).toHaveLength(1);
    await client.context(id, { reactivate: true });
    await ctx.append(user('b'));
    await client.deleteContext(id, { erase: true });
    await expect(ctx.info()).rejects.toBeInstanceOf(NotFoundError);
  });

  test('what is wrong with a call is a typed error that names the field', async () => {
    const ctx = await client.context(freshId(), {});
    const unknown = await client.context('never-created');
    await expect(unknown.append(user('a'))).rejects.toMatchObject({
      name: 'NotFoundError',
      code: 'context_not_found',
    });
    await expect(ctx.append({ role: '', parts: [] })).rejects.toMatchObject({
      name: 'InvalidRequestError',
      status: 400,
      field: expect.stringContaining('role'),
    });
    for (const id of ['', '.', '..', 'a/b', 'ä', 'x'.repeat(257)]) {
      await expect(client.context(id)).rejects.toBeInstanceOf(InvalidRequestError);
    }
  });

  test('every id that the store allows reaches it', async () => {
    for (const id of ['a.b_c:d@e-f', '...', '.a', '-', '@', ':', 'x'.repeat(256)]) {
      await client.context(id, {});
      expect((await (await client.context(id)).info()).id).toBe(id);
    }
  });

  test('UIMessages go in and come out as that type, equal but for the fields of the store', async () => {
    const ctx = await client.context<UIMessage<{ model: string }>>(freshId(), {});
    const sent: UIMessage<{ model: string }> = {
      id: 'u-1',
      role: 'assistant',
      metadata: { model: 'm' },
      parts: [
        { type: 'step-start' },
        { type: 'reasoning', text: 'Hm.', providerMetadata: { anthropic: { signature: 'sig==' } } },
        {
          type: 'dynamic-tool',
          toolName: 't',
          toolCallId: 'c',
          state: 'output-available',
          input: 1,
          output: [],
        },
        { type: 'text', text: '✓ 🦙', state: 'done' },
      ],
    };
    await ctx.append([{ id: 'u-0', role: 'user', parts: text('Hm?') }, sent]);
    const { messages } = await ctx.context();
    const received: UIMessage<{ model: string }> | undefined = messages[1];
    expect(received).toEqual({
      ...sent,
      seq: 2,
      tokenCount: expect.any(Number),
      insertedAt: expect.any(String),
    });
  });
});
