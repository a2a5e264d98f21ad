// What the link between nodes carries over loopback, both ends in this process, beside a bare websocket.
//   npx tsc -b tsconfig.build.json && node test/measure/link.mjs [seconds]
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

import { encodeFrame, groupId, logIndex, nodeId, term } from '@fastpaca/raft-core';
import { WebSocket, WebSocketServer } from 'ws';

import { openPeerNetwork } from '../../dist/index.js';

const seconds = Number(process.argv[2] ?? 2);
const MiB = 1024 * 1024;
const [a, b] = [nodeId('a'), nodeId('b')];

async function listen() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: server.address().port };
}

async function openNode(id, seeds) {
  const { server, port } = await listen();
  const network = openPeerNetwork({ self: { id, name: id }, port, secret: 'measure', seeds });
  server.on('upgrade', (request, socket, head) => network.accept(request, socket, head));
  network.start();
  return { network, server, port };
}

async function openBare(onMessage) {
  const { server, port } = await listen();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => socket.on('message', (data) => onMessage(socket, data)));
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(client, 'open');
  const close = () => {
    client.terminate();
    sockets.close();
    server.close();
  };
  return { client, close };
}

/** Runs `lanes` loops of `step` side by side. Returns steps and CPU microseconds per second and per step. */
async function measure(lanes, step) {
  const end = performance.now() + seconds * 1_000;
  const start = performance.now();
  const cpu = process.cpuUsage();
  let steps = 0;
  const loop = async () => {
    while (performance.now() < end) {
      await step();
      steps += 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, loop));
  const { user, system } = process.cpuUsage(cpu);
  const took = (performance.now() - start) / 1_000;
  return { perSecond: steps / took, cpuMicros: (user + system) / steps };
}

/** A request is one message of a bare websocket, answered by one. */
async function bareRequests(payload, lanes) {
  const waiting = [];
  const { client, close } = await openBare((socket, data) => socket.send(data));
  client.on('message', () => waiting.shift()());
  const result = await measure(lanes, () => {
    client.send(payload);
    return new Promise((resolve) => waiting.push(resolve));
  });
  close();
  return result;
}

const until = async (condition) => {
  while (!condition()) await setTimeout(5);
};

function append(entryBytes, index) {
  const base = { group: groupId(index % 256), from: a, to: b, term: term(1) };
  const entry = { index: logIndex(index), term: term(1), type: 'normal', data: Buffer.alloc(entryBytes, 1) };
  return {
    ...base,
    type: 'append',
    prevIndex: logIndex(index - 1),
    prevTerm: term(1),
    commit: logIndex(0),
    entries: [entry],
  };
}

/** As a Raft host sends: a few appends of a turn in one call, then the next turn. */
async function linkAppends(from, to, perTurn, entryBytes) {
  let arrived = 0;
  let wake = () => undefined;
  await to.transport.open({
    receive: (_from, messages) => {
      arrived += messages.length;
      wake();
    },
    peerDown: () => undefined,
    unreachable: () => undefined,
  });
  await from.transport.open({
    receive: () => undefined,
    peerDown: () => undefined,
    unreachable: () => undefined,
  });
  const turn = Array.from({ length: perTurn }, (_, at) => append(entryBytes, at + 1));
  return measure(1, async () => {
    const expected = arrived + perTurn;
    from.transport.send(b, turn, 'control');
    while (arrived < expected) await new Promise((resolve) => (wake = resolve));
  });
}

async function bareAppends(perTurn, entryBytes) {
  let wake = () => undefined;
  const { client, close } = await openBare(() => wake());
  const turn = Array.from({ length: perTurn }, (_, at) => append(entryBytes, at + 1));
  const result = await measure(1, async () => {
    client.send(encodeFrame(a, b, turn));
    await new Promise((resolve) => (wake = resolve));
  });
  close();
  return result;
}

const first = await openNode(a, []);
const second = await openNode(b, [`127.0.0.1:${first.port}`]);
await until(
  () => first.network.status().peers[0]?.lanes.bulk.connected && first.network.peers().length === 1,
);
second.network.handle('echo', (payload) => Promise.resolve(payload));
const request = (payload) => () => first.network.request(b, 'echo', payload, { deadlineMs: 60_000 });

const row = (name, link, bare, unit, factor) =>
  console.log(
    `${name.padEnd(34)} ${(link.perSecond * factor).toFixed(0).padStart(8)} ${unit}  bare ${(bare.perSecond * factor).toFixed(0).padStart(8)}` +
      `  ratio ${(link.perSecond / bare.perSecond).toFixed(2)}  CPU ${(link.cpuMicros / factor).toFixed(1)} / ${(bare.cpuMicros / factor).toFixed(1)} µs`,
  );

const small = Buffer.alloc(300, 1);
row(
  'requests of 300 B, 64 in flight',
  await measure(64, request(small)),
  await bareRequests(small, 64),
  '/s',
  1,
);
row(
  'requests of 300 B, 1 in flight',
  await measure(1, request(small)),
  await bareRequests(small, 1),
  '/s',
  1,
);
const large = Buffer.alloc(16 * MiB, 1);
row('echo of 16 MiB', await measure(2, request(large)), await bareRequests(large, 2), 'MiB/s', 32);
row(
  'appends of 300 B, 16 a turn',
  await linkAppends(first.network, second.network, 16, 300),
  await bareAppends(16, 300),
  '/s',
  16,
);

await Promise.all([first, second].map(({ network }) => network.close()));
for (const { server } of [first, second]) server.close();
