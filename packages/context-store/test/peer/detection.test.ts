import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { groupId, logIndex, nodeId, term } from '@fastpaca/raft-core';
import type { TransportHandler } from '@fastpaca/raft-core';
import { afterEach, expect, test } from '@jest/globals';

import { PeerNode, until } from '../support/peer-node.js';

/** A cable between two nodes that can be held: what goes in stays in, and nobody is told. */
class Cable {
  readonly #sockets: Socket[] = [];
  #held = false;

  private constructor(
    readonly server: Server,
    private readonly bytesPerMs: number | null,
  ) {}

  static async to(port: number, bytesPerMs: number | null = null): Promise<Cable> {
    const server = createServer();
    const cable = new Cable(server, bytesPerMs);
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1');
      cable.#sockets.push(near, far);
      for (const [from, to] of [[near, far] as const, [far, near] as const]) {
        from.on('data', (data) => {
          if (cable.#held) return;
          to.write(data);
          if (cable.bytesPerMs !== null) cable.#pause(from, data.length / cable.bytesPerMs);
        });
        from.on('error', () => undefined);
        from.on('close', () => {
          if (!cable.#held) to.destroy();
        });
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cable;
  }

  get seed(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  hold(): void {
    this.#held = true;
  }

  #pause(socket: Socket, ms: number): void {
    socket.pause();
    setTimeout(() => socket.resume(), ms);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(closing.map((each) => each.close()));
  closing = [];
});

const timing = { tickMs: 40, silenceMs: 400, stepMs: 500, discoveryMs: 300, retryMs: 300 };

test('a connection on which nothing comes any more is given up, and Raft is told that the peer is down', async () => {
  const a = await PeerNode.start({ id: 'a', timing });
  const cable = await Cable.to(a.port);
  const b = await PeerNode.start({ id: 'b', seeds: [cable.seed], timing });
  closing = [a, b, cable];
  const down: string[] = [];
  const handler = (self: string): TransportHandler => ({
    receive: () => undefined,
    unreachable: () => undefined,
    peerDown: (peer) => down.push(`${self}: ${peer}`),
  });
  await a.network.transport.open(handler('a'));
  await b.network.transport.open(handler('b'));
  await until('they see each other', () => a.peerNames.length === 1 && b.peerNames.length === 1);
  a.network.handle('hang', () => new Promise(() => undefined));
  const request = b.network.request(nodeId('a'), 'hang', new Uint8Array(1), { deadlineMs: 60_000 });
  const lost = expect(request).rejects.toMatchObject({ code: 'peer_lost' });
  cable.hold();
  await until('both have given up', () => down.length === 2);
  await lost;
  expect(down.sort()).toEqual(['a: b', 'b: a']);
  expect(b.events).toContainEqual({ kind: 'peer_down', id: 'a', message: expect.stringContaining('silent') });
});

test('a connection stays while the network slowly takes what is sent', async () => {
  const patient = { ...timing, silenceMs: 60_000 };
  const a = await PeerNode.start({ id: 'a', timing: patient });
  // 8 MiB take longer than silence is borne, and pings and their answers wait behind them.
  const cable = await Cable.to(a.port, 8 * 1024);
  const b = await PeerNode.start({ id: 'b', seeds: [cable.seed], timing: { ...timing, silenceMs: 240 } });
  closing = [a, b, cable];
  const bytes = 8 * 1024 * 1024;
  let arrived = 0;
  const handler = { receive: () => undefined, unreachable: () => undefined, peerDown: () => undefined };
  await b.network.transport.open(handler);
  await a.network.transport.open({
    ...handler,
    receive: (_from, [message]) => {
      arrived += message?.type === 'append' ? (message.entries[0]?.data.length ?? 0) : 0;
    },
  });
  await until('b sees a', () => b.peerNames.length === 1);
  const entry = { index: logIndex(1), term: term(1), type: 'normal', data: new Uint8Array(bytes) } as const;
  const base = { group: groupId(1), from: nodeId('b'), to: nodeId('a'), term: term(1) };
  const before = { prevIndex: logIndex(0), prevTerm: term(0), commit: logIndex(0) };
  b.network.transport.send(
    nodeId('a'),
    [{ ...base, ...before, type: 'append', entries: [entry] }],
    'control',
  );
  await until('the entry arrives', () => arrived === bytes);
  expect(b.events.map(({ kind }) => kind)).toEqual(['peer_up']);
});

test('an idle connection stays, and its round trip is known', async () => {
  const a = await PeerNode.start({ id: 'a', timing });
  const b = await PeerNode.start({ id: 'b', seeds: [a.seed], timing });
  closing = [a, b];
  const rtt = (): number | null | undefined => b.network.status().peers[0]?.rttMs;
  await until('a round trip', () => typeof rtt() === 'number');
  const frames = (): number => b.network.status().peers[0]?.lanes.bulk.receivedFrames ?? 0;
  const before = frames();
  await until('pings of the bulk lane, for longer than silence is borne', () => frames() > before + 12);
  expect([...a.events, ...b.events].filter(({ kind }) => kind === 'peer_down')).toEqual([]);
});

test('a node that goes is seen to go at once', async () => {
  const a = await PeerNode.start({ id: 'a', timing: { ...timing, silenceMs: 600_000 } });
  const b = await PeerNode.start({ id: 'b', seeds: [a.seed], timing: { ...timing, silenceMs: 600_000 } });
  closing = [a];
  await until('they see each other', () => a.peerNames.length === 1 && b.peerNames.length === 1);
  await b.close();
  await until('a has seen it', () => a.peerNames.length === 0);
});
