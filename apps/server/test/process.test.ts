import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { message } from './application.js';
import { main, root, type RunningServer, startServer, withoutVocabulary } from './server-process.js';

const directories: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-process-'));
  directories.push(directory);
  return directory;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !condition(); await delay(20)) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}

/** Of the node, as its log has it. */
function nameOf(server: RunningServer): string {
  return (JSON.parse(server.output().split('\n')[0] ?? '') as { node: string }).node;
}

/** Runs the server to its end. */
async function run(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [main], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', ...withoutVocabulary, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

const append = (server: RunningServer, text: string) =>
  fetch(`${server.url}/v1/contexts/a/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: message(text) }),
  });

async function texts(server: RunningServer): Promise<string[]> {
  const answer = await fetch(`${server.url}/v1/contexts/a/messages?limit=1000`);
  const { messages } = (await answer.json()) as { messages: { parts: { text: string }[] }[] };
  return messages.map(({ parts }) => parts[0]?.text ?? '');
}

async function get(url: string, agent: Agent) {
  const [answer] = (await once(request(url, { agent }).end(), 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return { status: answer.statusCode, connection: answer.headers.connection };
}

describe('the start', () => {
  test('SIGTERM as it starts ends it with exit code 0', async () => {
    const directory = newDirectory();
    const child = spawn(process.execPath, [main], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', FASTPACA_RAFT_DATA_DIR: directory },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    // Its first file: long before it listens, and before it would have anything to finish.
    await until(() => existsSync(path.join(directory, 'node.json')), 'the start to be under way');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('A value that does not parse stops the start with one line that names the variable', async () => {
    const wrong = [
      ['PORT', 'http'],
      ['FASTPACA_TOKEN_ESTIMATOR', 'tiktoken:no-such-model'],
    ] as const;
    const check = async ([name, value]: (typeof wrong)[number]): Promise<void> => {
      const { code, stdout, stderr } = await run({ FASTPACA_RAFT_DATA_DIR: newDirectory(), [name]: value });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(`configuration: ${name} `)]);
    };
    await Promise.all(wrong.map(check));
  });

  test('an address of another machine is refused with one line that names HOST', async () => {
    const { code, stderr } = await run({
      FASTPACA_RAFT_DATA_DIR: newDirectory(),
      HOST: '192.0.2.1',
      PORT: '0',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^start failed: 192\.0\.2\.1 is no address of this machine: set HOST /);
  });
});

// One directory, whose server is ended in all these ways, one after the other.
describe('a data directory', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-process-'));
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({ directory, env: withoutVocabulary });
  });
  afterAll(async () => {
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a directory that another process serves is refused with one line, and who serves it stops at once', async () => {
    expect((await fetch(`${server.url}/v1/contexts/a`, { method: 'PUT' })).status).toBe(201);
    expect((await append(server, 'one')).status).toBe(201);
    const { code, stderr } = await run({ FASTPACA_RAFT_DATA_DIR: directory });
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^start failed: .*(lock|process)/)]);
    // It has no work to finish.
    const began = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('the node keeps its name and its data from one start to the next', async () => {
    const name = nameOf(server);
    server = await startServer({ directory, env: withoutVocabulary });
    expect(nameOf(server)).toBe(name);
    expect((await fetch(`${server.url}/v1/contexts/a`, { method: 'PUT' })).status).toBe(200);
    expect((await append(server, 'two')).status).toBe(201);
    expect(await texts(server)).toEqual(['one', 'two']);
  });

  test('SIGTERM: what is in flight is finished, nothing new is accepted, and the exit code is 0', async () => {
    const port = Number(new URL(server.url).port);
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    const body = JSON.stringify({ message: message('in flight') });
    socket.write(
      `POST /v1/contexts/a/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.slice(0, 20));
    // The first bytes have arrived once a later request on another connection is answered.
    await fetch(`${server.url}/health/live`);

    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await get(`${server.url}/health/live`, agent)).status).toBe(200);

    const stopped = server.stop();
    await until(() => server.output().includes('"type":"stopping"'), 'the log line of the stop');
    // Who keeps a connection and uses it is told to give it up, and loses no request.
    for (let closing = false; !closing; await delay(20)) {
      const { status, connection } = await get(`${server.url}/health/live`, agent);
      expect(status).toBe(200);
      closing = connection === 'close';
    }
    agent.destroy();
    let refused = false;
    while (!refused) {
      const probe = connect(port, '127.0.0.1');
      refused = await new Promise<boolean>((resolve) => {
        probe.once('connect', () => resolve(false)).once('error', () => resolve(true));
      });
      probe.destroy();
    }
    socket.write(body.slice(20));
    if (!socket.closed) await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(await stopped).toBe(0);
  });

  test('a disk that fails ends the process with a fatal line and exit code 1; what was acknowledged is there after a restart', async () => {
    // Files of at most 2 MiB: LevelDB's log is full after some appends, as on a full disk.
    const limited = ['bash', '-c', 'ulimit -f 2048; exec "$0" "$1"', process.execPath, main];
    server = await startServer({ directory, env: withoutVocabulary, command: limited });
    const ended = once(server.process, 'close');
    const before = await texts(server);
    expect(before).toEqual(['one', 'two', 'in flight']);

    let acknowledged = 0;
    for (; acknowledged < 200; acknowledged++) {
      const body = JSON.stringify({
        message: message(`${acknowledged} ${'x'.repeat(50_000)}`, { token_count: 1 }),
      });
      const headers = { 'content-type': 'application/json' };
      const append = fetch(`${server.url}/v1/contexts/a/messages`, { method: 'POST', headers, body });
      const answer = await append.catch(() => null);
      if (answer?.status !== 201) break;
    }
    await ended;
    expect(server.process.exitCode).toBe(1);
    expect(acknowledged).toBeLessThan(200);
    const fatal = server
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":"fatal"'));
    expect(fatal).toHaveLength(1);
    expect(JSON.parse(fatal[0] ?? '')).toMatchObject({
      type: 'storage_failed',
      msg: expect.stringContaining('File too large'),
    });

    server = await startServer({ directory, env: withoutVocabulary });
    const kept = (await texts(server)).slice(before.length).map((text) => Number(text.split(' ')[0]));
    expect(kept.slice(0, acknowledged)).toEqual(Array.from({ length: acknowledged }, (_, i) => i));
    // The one that failed may or may not have survived: the client was told neither.
    expect(kept.length - acknowledged).toBeLessThanOrEqual(1);
    expect(await server.stop()).toBe(0);
  });
});
