import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { message } from '../application.js';
import { startServer, withoutVocabulary } from '../server-process.js';
import { ThreeServers } from './three-servers.js';

describe('three servers', () => {
  let three: ThreeServers;
  beforeAll(async () => {
    three = await ThreeServers.start();
  }, 180_000);
  afterAll(() => three.close());

  const contexts = Array.from({ length: 12 }, (_, index) => `c${index}`);
  /** What was acknowledged, by context. */
  const acknowledged = new Map<string, string[]>(contexts.map((id) => [id, []]));
  let sent = 0;

  /** One append under a key of its own, through any server; the answer's status. */
  async function append(id: string): Promise<number> {
    sent += 1;
    const text = `message ${sent}`;
    const answer = await three.request(sent % 3, `/v1/contexts/${id}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': text },
      body: JSON.stringify({ message: message(text) }),
    });
    if (answer.status === 201) acknowledged.get(id)?.push(text);
    return answer.status;
  }

  async function appendUntilTaken(id: string): Promise<void> {
    for (const end = Date.now() + 20_000; (await append(id)) !== 201; await delay(50)) {
      if (Date.now() > end) throw new Error(`No append to ${id} was taken.`);
    }
  }

  async function texts(server: number, id: string): Promise<string[]> {
    const answer = await fetch(`${three.url(server)}/v1/contexts/${id}/messages?limit=1000`);
    expect(answer.status).toBe(200);
    const { messages } = (await answer.json()) as { messages: { parts: { text: string }[] }[] };
    return messages.map(({ parts }) => parts[0]?.text ?? '');
  }

  async function expectAll(server: number): Promise<void> {
    for (const id of contexts) {
      const found = await texts(server, id);
      expect(new Set(found).size).toBe(found.length);
      expect(found).toEqual(expect.arrayContaining(acknowledged.get(id) ?? []));
    }
  }

  test('form one cluster by the two documented variables, with leaders evenly spread', async () => {
    const state = await three.until(
      2,
      ({ groups, nodes }) =>
        groups.without_leader === 0 && nodes.every(({ leaders }) => leaders !== null && leaders >= 80),
    );
    expect(state).toMatchObject({ coordinator: 'node-0', groups: { total: 256, under_replicated: 0 } });
    expect(state.nodes.map(({ name, live }) => [name, live])).toEqual([
      ['node-0', true],
      ['node-1', true],
      ['node-2', true],
    ]);
  }, 180_000);

  test('any of them takes any request, and reads see every write that was answered before', async () => {
    for (const [index, id] of contexts.entries()) {
      const put = await fetch(`${three.url(index % 3)}/v1/contexts/${id}`, { method: 'PUT' });
      expect(put.status).toBe(201);
      expect(await append(id)).toBe(201);
      expect(await texts((index + 1) % 3, id)).toHaveLength(1);
    }
  }, 180_000);

  test('one is killed: the others go on with all that was acknowledged, and take it back', async () => {
    await three.kill(0);
    for (const id of contexts) {
      // The key makes a repetition safe, as the contract says.
      await appendUntilTaken(id);
    }
    await expectAll(1);
    await three.until(1, ({ coordinator }) => coordinator === 'node-1');
    await three.startOne(0);
    await three.until(0, ({ groups }) => groups.without_leader === 0 && groups.under_replicated === 0);
    await expectAll(0);
  }, 180_000);

  test('are restarted one after the other under load, and no request fails', async () => {
    let stopping = false;
    const statuses: number[] = [];
    const load = contexts.slice(0, 4).map(async (id) => {
      while (!stopping) {
        statuses.push(await append(id));
        await delay(100);
      }
    });
    for (const number of [0, 1, 2]) {
      expect(await three.stop(number)).toBe(0);
      await three.startOne(number);
      await three.until(number, ({ groups }) => groups.without_leader === 0 && groups.under_replicated === 0);
    }
    stopping = true;
    await Promise.all(load);
    expect(statuses.filter((status) => status !== 201)).toEqual([]);
    expect(statuses.length).toBeGreaterThan(20);
    await expectAll(2);
  }, 240_000);

  test('a stranger without the secret is refused, and both sides say why', async () => {
    const stranger = await startServer({
      directory: path.join(three.directory, 'stranger'),
      awaitReady: false,
      env: {
        ...withoutVocabulary,
        FASTPACA_NODE_NAME: 'stranger',
        FASTPACA_CLUSTER_SEED: three.seed,
        FASTPACA_CLUSTER_SECRET: 'another secret',
      },
    });
    try {
      const { refusals } = await three.until(1, (state) =>
        state.refusals.some(({ code }) => code === 'wrong_secret'),
      );
      expect(refusals.at(-1)?.reason).toContain('FASTPACA_CLUSTER_SECRET');
      const ready = await fetch(`${stranger.url}/health/ready`);
      expect(ready.status).toBe(503);
    } finally {
      await stranger.kill();
    }
  }, 180_000);
});
