import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Follower } from './follow.js';
import { startStreamServer, type StreamServer, text } from './stream-server.js';

let server: StreamServer;
beforeAll(async () => {
  server = await startStreamServer({ maxConnections: 100 });
});
afterAll(async () => {
  await server.close();
});

test('a reconnect storm loses nothing, doubles nothing, and leaves no place taken', async () => {
  const clients = 100;
  const rounds = 8;
  const contexts = Array.from({ length: 10 }, (_, n) => `storm-${n}`);
  for (const id of contexts) await server.store.put(id, { policy: { strategy: 'manual', config: {} } });
  let writing = true;
  const versions = new Map<string, number>();
  const writer = (async () => {
    while (writing) {
      for (const id of contexts) versions.set(id, (await server.store.append(id, [text('x')])).version);
      // As much as clients see of it is enough: what is written meanwhile they all read.
      await delay(2);
    }
  })();

  const seen = Array.from({ length: clients }, () => [] as number[]);
  const cursors = Array.from({ length: clients }, () => 0);
  const idOf = (client: number): string => contexts[client % contexts.length] ?? '';
  for (let round = 0; round < rounds; round += 1) {
    // All at once, as after a node was restarted. The places of the round before come free one by one.
    const open = await Promise.all(
      cursors.map((cursor, client) => openSoon(`/v1/contexts/${idOf(client)}/stream?cursor=${cursor}`)),
    );
    if (round === rounds - 1) {
      writing = false;
      await writer;
    }
    await Promise.all(
      open.map(async (stream, client) => {
        await (round < rounds - 1 ? stream.count(6) : stream.version(versions.get(idOf(client)) ?? 0));
        stream.drop();
        const last = stream.changes.findLastIndex(({ type }) => type === 'context');
        for (const frame of stream.changes.slice(0, last + 1)) {
          if (frame.type === 'message') seen[client]?.push(frame.seq);
        }
        cursors[client] = stream.cursor ?? cursors[client] ?? 0;
      }),
    );
  }
  for (const [client, seqs] of seen.entries()) {
    const last = versions.get(idOf(client)) ?? 0;
    expect(seqs).toEqual(Array.from({ length: last }, (_, n) => n + 1));
  }
  while ((await server.metric('fastpaca_stream_connections{transport="websocket"}')) > 0) {
    await delay(5);
  }
  const all = await Promise.all(
    Array.from({ length: clients }, () => openSoon(`/v1/contexts/${contexts[0] ?? ''}/stream`)),
  );
  for (const stream of all) stream.drop();
});

async function openSoon(target: string): Promise<Follower> {
  for (;;) {
    const stream = await Follower.open(server.url, target).catch(() => null);
    if (stream !== null) return stream;
    await delay(5);
  }
}
