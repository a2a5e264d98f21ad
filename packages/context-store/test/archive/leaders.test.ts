import { describe, expect, test } from '@jest/globals';
import { createRandom } from '@fastpaca/raft-core';

import type { ContextStore } from '../../src/index.js';
import { ClusterBench, until } from '../support/cluster-bench.js';
import { text } from '../support/group-bench.js';
import { MemoryArchive } from '../support/memory-archive.js';
import { parse } from '../support/open-store.js';

const ids = Array.from({ length: 12 }, (_, n) => `context-${n}`);
const names = ['a', 'b', 'c'] as const;
const rounds = 24;

/** An archive that is slow now and then, so that leaderships change while writes are under way. */
class SlowArchive extends MemoryArchive {
  readonly #random = createRandom(7);

  override async write(...args: Parameters<MemoryArchive['write']>): ReturnType<MemoryArchive['write']> {
    await new Promise((resolve) => setTimeout(resolve, 60 * this.#random()));
    const outcome = await super.write(...args);
    expect(outcome.refused).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 60 * this.#random()));
    return outcome;
  }
}

describe('three nodes with one archive', () => {
  test('while leaders change and links break, each message gets there once and every node reads all of it', async () => {
    const archive = new SlowArchive();
    const bench = await ClusterBench.create(
      {},
      { archive: { adapter: archive, flushIntervalMs: 5, tailKeep: 2, batchSize: 16 } },
    );
    const sent = new Map(ids.map((id): [string, string[]] => [id, []]));
    try {
      await bench.startAll(...names);
      const policy = { strategy: 'last_n', config: { limit: 3 } } as const;
      for (const id of ids) await bench.store('a').put(id, { policy });
      for (let round = 0; round < rounds; round += 1) {
        await disturb(bench, round);
        await Promise.all(ids.map((id) => append(bench, sent, id, round)));
      }
      bench.peers.heal();
      await bench.ready(...names);
      const pending = async (): Promise<number> => {
        const all = await Promise.all(names.map(async (name) => bench.store(name).archive?.status()));
        return all.reduce((sum, status) => sum + (status?.pendingRows ?? 0), 0);
      };
      await until(
        async () => (await pending()) === 0 && (await allArchived(bench)),
        () => 'the archive',
      );
      for (const id of ids) {
        const expected = sent.get(id) ?? [];
        const rows = [...archive.rowsOf(id)].sort((one, other) => one.seq - other.seq);
        expect(rows.map(({ seq }) => seq)).toEqual(expected.map((_, n) => n + 1));
        const lines = rows.map(({ body }) => Buffer.from(body).toString());
        expect(lines.map((line) => contentOf(Buffer.from(line)))).toEqual(expected);
        for (const name of names) expect(await exported(bench.store(name), id)).toEqual(lines);
      }
      // Some of it was trimmed, so that it was read from the archive above.
      expect(archive.reads).toBeGreaterThan(0);
      expect(bench.failures).toEqual([]);
    } finally {
      await bench.close();
    }
  });
});

async function disturb(bench: ClusterBench, round: number): Promise<void> {
  const name = names[round % names.length] ?? 'a';
  if (round % 4 === 1) await bench.store(name).handOver({ deadlineMs: 1_000 });
  if (round % 8 === 3) bench.peers.isolate(bench.store(name).cluster.self);
  if (round % 8 === 5) bench.peers.heal();
  if (round % 12 === 7) {
    await bench.stop(name);
    await bench.start(name);
  }
}

/** A message id makes a retry safe, and it is tried until it is known to have happened. */
async function append(
  bench: ClusterBench,
  sent: Map<string, string[]>,
  id: string,
  round: number,
): Promise<void> {
  const content = `${id} ${round}`;
  let turn = round;
  await until(
    async () => {
      const store = bench.store(names[turn++ % names.length] ?? 'a');
      return store.append(id, [text(content, { id: `m${round}` })], { deadlineMs: 1_000 }).then(
        () => true,
        () => false,
      );
    },
    () => `an append of ${content}`,
  );
  sent.get(id)?.push(content);
}

async function allArchived(bench: ClusterBench): Promise<boolean> {
  const contexts = await Promise.all(ids.map((id) => bench.store('b').get(id)));
  return contexts.every(({ archived_seq, last_seq }) => archived_seq === last_seq);
}

async function exported(store: ContextStore, id: string): Promise<string[]> {
  let all = '';
  for await (const lines of await store.export(id)) all += Buffer.from(lines).toString();
  return all.split('\n').slice(0, -1);
}

const contentOf = (json: Uint8Array): unknown => (parse(json)['parts'] as { text: string }[])[0]?.text;
