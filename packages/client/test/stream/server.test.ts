import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createClient, type Context, type StreamEvent } from '../../src/index.js';
import { sharedStoreUrl } from '../shared-store.js';
import { TcpCutter } from '../tcp-cutter.js';

const user = (text: string) => ({ role: 'user', parts: [{ type: 'text', text }] });

/** Reads events until the message `lastSeq` was seen and its write is complete. */
async function readTo(
  events: AsyncIterable<StreamEvent>,
  lastSeq: number,
): Promise<Exclude<StreamEvent, { type: 'tombstoned' }>[]> {
  const read: Exclude<StreamEvent, { type: 'tombstoned' }>[] = [];
  let seen = 0;
  for await (const event of events) {
    if (event.type === 'tombstoned') throw new Error('unexpected end');
    read.push(event);
    if (event.type === 'message') seen = event.seq;
    if (event.type === 'context' && seen >= lastSeq) break;
  }
  return read;
}

const seqsOf = (events: readonly StreamEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'message' ? [event.seq] : []));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('a stream of a real server', () => {
  const client = createClient({ baseUrl: sharedStoreUrl() });
  let number = 0;

  const fresh = (): Promise<Context> => client.context(`stream-${(number += 1)}`, { budget: 300 });

  test('replays everything from 0, message for message as the log has it, then is live', async () => {
    const ctx = await fresh();
    await ctx.append([{ ...user('ä🦙'), id: 'm1', metadata: { a: 1 } }, user('two')]);
    const reading = readTo(ctx.stream({ cursor: 0 }), 4);
    await ctx.append(user('three'));
    await ctx.append(user('four'));
    const events = await reading;
    const log = await ctx.getTail();
    expect(events.flatMap((event) => (event.type === 'message' ? [event.message] : []))).toEqual(log);
    expect(seqsOf(events)).toEqual([1, 2, 3, 4]);
    const last = events.at(-1);
    const { version, usedTokens, needsCompaction } = await ctx.context();
    expect(last).toMatchObject({ type: 'context', version, cursor: version, usedTokens, needsCompaction });
  });

  test('without a cursor tells only what happens from then on', async () => {
    const ctx = await fresh();
    await ctx.append([user('before'), user('before')]);
    const events = ctx.stream();
    const first = events.next();
    // The stream begins with the version at which it was asked for.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await ctx.append(user('after'));
    expect((await first).value).toMatchObject({ type: 'message', seq: 3 });
    await events.return();
  });

  test('tells of compactions with their range', async () => {
    const ctx = await fresh();
    await ctx.append([user('one'), user('two'), user('three')]);
    await ctx.compact([{ role: 'system', parts: [{ type: 'text', text: 'Summary' }] }], { upToSeq: 2 });
    const events: StreamEvent[] = [];
    for await (const event of ctx.stream({ cursor: 1 })) {
      events.push(event);
      if (event.type === 'context') break;
    }
    expect(events).toMatchObject([
      { type: 'compaction', version: 2, range: { fromSeq: 1, toSeq: 2 } },
      { type: 'context', version: 2, cursor: 2 },
    ]);
  });

  test('ends when the context is deleted, and at once where it was', async () => {
    const ctx = await fresh();
    await ctx.append(user('one'));
    const reading = (async () => {
      const types: string[] = [];
      for await (const { type } of ctx.stream({ cursor: 0 })) {
        types.push(type);
        if (type === 'context') await ctx.delete();
      }
      return types;
    })();
    expect((await reading).at(-1)).toBe('tombstoned');
    const types: string[] = [];
    for await (const { type } of ctx.stream()) types.push(type);
    expect(types).toEqual(['tombstoned']);
  });

  test('of a context that does not exist, or is erased meanwhile, throws', async () => {
    await expect((await client.context('nobody')).stream().next()).rejects.toMatchObject({
      name: 'NotFoundError',
    });
    const ctx = await fresh();
    await ctx.append(user('one'));
    const reading = (async () => {
      for await (const { type } of ctx.stream({ cursor: 0 }))
        if (type === 'context') await ctx.delete({ erase: true });
    })();
    await expect(reading).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  test('begun anew at any cursor it gave, between appends of others, is the log', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 15 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
        async (batches, reads) => {
          const ctx = await fresh();
          const total = batches.reduce((sum, size) => sum + size, 0);
          const appending = (async () => {
            for (const size of batches)
              await ctx.append(range(1, size).map((i) => user(`message ${i} `.repeat(8))));
          })();
          const seen = new Set<number>();
          let cursor = 0;
          for (let i = 0; seen.size < total; i++) {
            const part: number[] = [];
            let count = 0;
            for await (const event of ctx.stream({ cursor })) {
              if (event.type === 'message') part.push(event.seq);
              cursor = event.cursor;
              count += 1;
              // A reader that goes away whenever it likes, also inside of a batch.
              if (count >= (reads[i % reads.length] ?? 1) + i || part.at(-1) === total) break;
            }
            if (part.length === 0) continue;
            expect(part).toEqual(range(part[0] ?? 0, part.at(-1) ?? 0));
            expect(part[0]).toBeLessThanOrEqual(seen.size + 1);
            for (const seq of part) seen.add(seq);
          }
          await appending;
          expect([...seen].sort((a, b) => a - b)).toEqual(range(1, total));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('over connections that break after any number of bytes is the log, each message once', async () => {
    const ctx = await fresh();
    let state = 1;
    const random = (): number => (state = (state * 48271) % 2147483647);
    const cutter = await TcpCutter.start(
      Number(new URL(sharedStoreUrl()).port),
      () => 200 + (random() % 6000),
    );
    try {
      const cut = createClient({
        baseUrl: cutter.url,
        retries: { count: 50, minDelayMs: 1, maxDelayMs: 5 },
      });
      const reading = (async () => readTo((await cut.context(ctx.id)).stream({ cursor: 0 }), 300))();
      for (let i = 0; i < 100; i++)
        await ctx.append(range(1, 3).map((j) => user(`${i}/${j} ä🦙 – ${'x'.repeat(i)}`)));
      const events = await reading;
      expect(seqsOf(events)).toEqual(range(1, 300));
      expect(cutter.cuts).toBeGreaterThan(10);
      const versions = events.map(({ version }) => version);
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      const log = [];
      for await (const message of ctx.messages()) log.push(message);
      expect(events.flatMap((event) => (event.type === 'message' ? [event.message] : []))).toEqual(log);
    } finally {
      await cutter.close();
    }
  });
});
