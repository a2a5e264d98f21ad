import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { ClusterBench } from '../support/cluster-bench.js';
import { text } from '../support/group-bench.js';
import { parse } from '../support/open-store.js';

const names = ['a', 'b', 'c'];
const ids = ['p', 'q', 'r', 's', 't', 'u'];

let bench: ClusterBench;
beforeEach(async () => {
  // Times at which a busy machine holds no election: the outcome of a write without a key would not be known.
  const raft = { timing: { heartbeatMs: 100, electionTimeoutMs: 2_000 } };
  bench = await ClusterBench.create({}, { raft });
  await bench.startAll(...names);
});
afterEach(() => bench.close());

/** A client that knows all nodes: it leaves one that says that it goes, and takes its next call elsewhere. */
class Client {
  readonly appended: string[] = [];
  readonly failed: string[] = [];
  stopped = false;

  constructor(
    readonly number: number,
    readonly going: ReadonlySet<string>,
    readonly inCalls: Map<string, number>,
  ) {}

  async run(): Promise<void> {
    for (let n = 0; !this.stopped; n += 1) {
      const staying = names.filter((name) => !this.going.has(name));
      const node = staying[(n + this.number) % staying.length] ?? '';
      const id = ids[n % ids.length] ?? '';
      const name = `${this.number}-${n}`;
      this.inCalls.set(node, (this.inCalls.get(node) ?? 0) + 1);
      try {
        const store = bench.store(node);
        // Without a key: nothing but the node's own care keeps the outcome known.
        const { version } = await store.append(id, [text(name)]);
        expect((await store.get(id)).version).toBeGreaterThanOrEqual(version);
        this.appended.push(name);
      } catch (error) {
        this.failed.push(`${name} on ${node}: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.inCalls.set(node, (this.inCalls.get(node) ?? 1) - 1);
    }
  }
}

async function idle(inCalls: ReadonlyMap<string, number>, node: string): Promise<void> {
  while ((inCalls.get(node) ?? 0) > 0) await new Promise(setImmediate);
}

test('nodes that hand over and restart, one after the other, fail no call of a client that knows all', async () => {
  for (const id of ids) await bench.store('a').put(id, {});
  const going = new Set<string>();
  const inCalls = new Map<string, number>();
  const clients = Array.from({ length: 6 }, (_, number) => new Client(number, going, inCalls));
  const running = clients.map((client) => client.run());
  for (const name of names) {
    const before = clients.reduce((sum, { appended }) => sum + appended.length, 0);
    // As the server does it: hand over while it still serves, then finish what it holds, then go.
    await bench.store(name).handOver();
    going.add(name);
    await idle(inCalls, name);
    await bench.stop(name);
    await bench.start(name);
    await bench.ready(...names);
    going.delete(name);
    const after = clients.reduce((sum, { appended }) => sum + appended.length, 0);
    expect(after).toBeGreaterThan(before);
  }
  for (const client of clients) client.stopped = true;
  await Promise.all(running);
  expect(clients.flatMap(({ failed }) => failed)).toEqual([]);
  const found: unknown[] = [];
  for (const id of ids) {
    for await (const chunk of await bench.store('b').export(id)) {
      const lines = Buffer.from(chunk).toString().trimEnd().split('\n');
      found.push(...lines.map((line) => parse(Buffer.from(line))));
    }
  }
  const texts = found.map((message) => (message as { parts: { text: string }[] }).parts[0]?.text);
  expect(texts.sort()).toEqual(clients.flatMap(({ appended }) => appended).sort());
});
