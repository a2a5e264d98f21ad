import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { autoCompact, createClient, UnauthorizedError, type Client, type Context } from '../src/index.js';
import { covering, expectWhole, notDue, talk, until, user } from './compaction/covering.js';
import { StoreProcess } from './store-process.js';

// What needs a server of its own: it asks for keys, is killed once, stopped once, and started again after both, while
// clients append to it, follow a stream of it and have it compacted.

const ids = ['a', 'b', 'c', 'd'];
/** Of the first of them every message is followed. */
const counts = ids.map(() => 0);
const stop = new AbortController();
let store: StoreProcess;
let client: Client;
let compacted: Context;
const followed = { seqs: [] as number[], lost: [] as string[] };

const contentOf = (parts: readonly { readonly [key: string]: unknown }[]): string =>
  String(parts[0]?.['text']);

beforeAll(async () => {
  store = await StoreProcess.start({ FASTPACA_API_KEY: 'secret,other' });
  client = createClient({
    ...{ baseUrl: store.url, apiKey: 'secret' },
    retries: { count: 5000, minDelayMs: 20, maxDelayMs: 100 },
  });
  for (const id of ids) await client.context(id, {});
  const policy = { strategy: 'manual' } as const;
  compacted = await client.context('compacted', { budget: 1000, trigger: 0.6, policy });
  await Promise.all([...ids.map(append), follow(), compact(), interrupt().finally(() => stop.abort())]);
}, 120_000);
afterAll(async () => {
  stop.abort();
  await store.remove();
});

async function append(id: string, index: number): Promise<void> {
  const ctx = await client.context(id);
  const add = (text: string) => ctx.append({ role: 'user', parts: [{ type: 'text', text }] });
  for (let count = 0; !stop.signal.aborted; counts[index] = count += 1) await add(String(count));
  await add('last');
}

async function follow(): Promise<void> {
  const ctx = await client.context(ids[0] ?? '');
  const onDisconnect = ({ message }: { message: string }) => void followed.lost.push(message);
  for await (const event of ctx.stream({ cursor: 0, onDisconnect })) {
    if (event.type !== 'message') continue;
    followed.seqs.push(event.seq);
    if (contentOf(event.message.parts) === 'last') break;
  }
}

async function compact(): Promise<void> {
  const end = new AbortController();
  const worker = autoCompact(compacted, (request) => Promise.resolve(covering(request)), {
    signal: end.signal,
  });
  let turns = 0;
  for (; !stop.signal.aborted; turns += 1) await talk(compacted, 1);
  await talk(compacted, Math.max(0, 19 - turns));
  await until(() => notDue(compacted));
  end.abort();
  await worker;
}

async function interrupt(): Promise<void> {
  const everyCount = async (least: number): Promise<void> => {
    while (Math.min(...counts) < least || followed.seqs.length < least) await delay(10);
  };
  await everyCount(5);
  await store.kill();
  await store.start();
  await everyCount(10);
  await store.shutDown();
  await store.start();
  await everyCount(15);
}

test('every append happens exactly once', async () => {
  for (const [index, id] of ids.entries()) {
    const count = counts[index] ?? 0;
    expect(count).toBeGreaterThan(10);
    const texts: string[] = [];
    for await (const { parts } of (await client.context(id)).messages()) texts.push(contentOf(parts));
    expect(texts).toEqual([...Array.from({ length: count }, (_, i) => String(i)), 'last']);
  }
});

test('a stream is the log, though its connection was lost', () => {
  const messages = (counts[0] ?? 0) + 1;
  expect(followed.seqs).toEqual(Array.from({ length: messages }, (_, i) => i + 1));
  expect(followed.lost.length).toBeGreaterThanOrEqual(2);
});

test('autoCompact goes on, and loses nothing', async () => {
  const { covered } = await expectWhole(compacted);
  expect(covered.length).toBeGreaterThan(0);
});

test('no key and a wrong one are refused, also on a stream', async () => {
  for (const key of [{}, { apiKey: 'wrong' }]) {
    const stranger = createClient({ baseUrl: store.url, ...key });
    await expect(stranger.contexts.list()).rejects.toBeInstanceOf(UnauthorizedError);
    const events = (await stranger.context('a')).stream({ cursor: 0 });
    await expect(events.next()).rejects.toMatchObject({ name: 'UnauthorizedError' });
  }
  const other = await createClient({ baseUrl: store.url, apiKey: 'other' }).context('a');
  await expect(other.append(user('Hi'))).resolves.toMatchObject({ deduped: false });
});
