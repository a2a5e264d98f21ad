import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seeded } from '../seeded.js';
import { startServer, type RunningServer } from '../server-process.js';
import { rawWebSocket } from '../stream/raw-socket.js';
import { HostileInput } from './hostile-input.js';

/** FUZZ_SEED repeats a run's choices; FUZZ_REQUESTS makes it longer or shorter. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const total = Number(process.env['FUZZ_REQUESTS'] ?? 100_000);
const requestsPerConnection = 100;
const atOnce = 8;
const key = 'the-key-of-this-test';

let server: RunningServer;
beforeAll(async () => {
  process.stdout.write(`fuzz test: FUZZ_SEED=${seed} repeats this run's choices\n`);
  server = await startServer({ env: { FASTPACA_API_KEY: key, FASTPACA_LOG_LEVEL: 'info' } });
  expect(await call('PUT', '/v1/contexts/witness', {})).toBe(201);
  expect(await call('PUT', '/v1/contexts/fuzz', {})).toBe(201);
});
afterAll(async () => {
  await server.stop();
});

async function call(method: string, path: string, body: unknown): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
  await answer.arrayBuffer();
  return answer.status;
}

function residentBytes(): number {
  const pages = readFileSync(`/proc/${String(server.process.pid)}/statm`, 'latin1').split(' ')[1];
  return Number(pages) * 4096;
}

function open(): Socket {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** `events.once` would reject where the server cuts the connection, which is what it should do. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

/** Writes, and reads until the server closes or is quiet: broken input may leave it waiting for more. */
async function exchange(bytes: Buffer, quietMs: number): Promise<string> {
  const socket = open();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.setTimeout(quietMs, () => socket.destroy());
  socket.write(bytes);
  await closed(socket);
  return Buffer.concat(chunks).toString('latin1');
}

const statuses = new Map<number, number>();
function note(answers: string): number {
  const found = [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  for (const status of found) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  return found.length;
}

type Round = (input: HostileInput) => Promise<number>;

const rounds: readonly Round[] = [
  async (input) => {
    const last = 'GET /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
    const batch = Array.from({ length: requestsPerConnection }, () => input.request());
    return note(await exchange(Buffer.concat([...batch, Buffer.from(last)]), 2_000));
  },
  async (input) => {
    note(await exchange(input.brokenRequest(), 100));
    return 1;
  },
  async (input) => {
    const path = input.pick('/internal/cluster', '/v1/contexts/fuzz/stream', '/v1/contexts/%00/stream', '/');
    const upgrade = `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${input.pick('websocket', 'h2c', 'x')}\r\n\r\n`;
    note(await exchange(Buffer.concat([Buffer.from(upgrade), input.frame()]), 100));
    return 1;
  },
  async (input) => {
    const path = `/v1/contexts/fuzz/stream?cursor=0&api=${String(input.below(9))}`;
    const socket = await rawWebSocket(server.url, path, { Authorization: `Bearer ${key}` }).catch(() => null);
    if (socket === null) return 0;
    socket.resume();
    socket.setTimeout(100, () => socket.destroy());
    const frames = Array.from({ length: 20 }, () => input.frame());
    socket.write(Buffer.concat(frames));
    await closed(socket);
    return frames.length;
  },
];

test(`${total} malformed requests: no crash, no 500, no growth, and who behaves is served`, async () => {
  let sent = 0;
  let witnessed = 0;
  let warm = 0;
  const attack = async (lane: number): Promise<void> => {
    const input = new HostileInput(seeded(seed + lane), key);
    while (sent < total) {
      // Batches of whole requests make up the most; each of the others takes a connection of its own.
      const round = rounds[input.below(10) < 7 ? 0 : 1 + input.below(rounds.length - 1)];
      const answered = (await round?.(input)) ?? 0;
      sent += answered;
      if (warm === 0 && sent > total / 4) warm = residentBytes();
    }
  };
  const behave = async (): Promise<void> => {
    while (sent < total) {
      const message = { role: 'user', parts: [{ type: 'text', text: `still here ${String(witnessed)}` }] };
      expect(await call('POST', '/v1/contexts/witness/messages', { message })).toBe(201);
      witnessed += 1;
      await delay(10);
    }
  };
  await Promise.all([behave(), ...Array.from({ length: atOnce }, (_, lane) => attack(lane))]);

  expect(server.process.exitCode).toBeNull();
  expect(sent).toBeGreaterThanOrEqual(total);
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  expect(statuses.get(400)).toBeGreaterThan(total / 50);
  expect(statuses.get(401)).toBeGreaterThan(0);
  expect(residentBytes()).toBeLessThan(1.5 * warm + 64 * 1024 * 1024);
  expect(server.output()).not.toContain(key);
  expect(witnessed).toBeGreaterThan(10);
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${server.url}/v1/contexts/witness`, { headers });
  expect(((await answer.json()) as { last_seq: number }).last_seq).toBe(witnessed);
  process.stdout.write(`${sent} requests, statuses ${JSON.stringify(Object.fromEntries(statuses))}\n`);
}, 600_000);
