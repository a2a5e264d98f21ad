import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { freePorts } from '../src/network/open-network.ts';
import { runTool, type RunningTool } from './run-tool.ts';

const nodes = 3;
const deadlineMs = 120_000;

let directory = '';
let tool: RunningTool | null = null;
afterEach(async () => {
  tool?.kill('SIGKILL');
  await tool?.ended;
  rmSync(directory, { recursive: true, force: true });
});

const readyLines = (output: string): string[] => output.split('\n').filter((line) => / ready /.test(line));

async function start(): Promise<{ readonly tool: RunningTool; readonly urls: string[] }> {
  const port = await freePorts(nodes);
  const started = runTool('cluster.ts', ['--nodes', `${nodes}`, '--port', `${port}`, '--dir', directory]);
  tool = started;
  const until = performance.now() + deadlineMs;
  while (readyLines(started.output()).length < nodes) {
    if (performance.now() > until) throw new Error(`not ready:\n${started.output()}`);
    await delay(50);
  }
  const urls = Array.from({ length: nodes }, (_, index) => `http://127.0.0.1:${port + index}`);
  return { tool: started, urls };
}

test(
  'npm run cluster starts nodes that share their contexts, and stops them; the data stays',
  async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-cluster-'));
    const first = await start();
    for (const url of first.urls) expect(first.tool.output()).toContain(url);
    expect(first.tool.output()).toMatch(/curl -X PUT .*\/v1\/contexts\/demo/);
    const at = (url: string | undefined, rest = ''): string => `${url ?? ''}/v1/contexts/demo${rest}`;
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ message: { role: 'user', parts: [{ type: 'text', text: 'Hello' }] } });
    await fetch(at(first.urls[0]), { method: 'PUT', headers: json, body: '{}' });
    const appended = await fetch(at(first.urls.at(-1), '/messages'), { method: 'POST', headers: json, body });
    expect(appended.status).toBe(201);
    first.tool.kill('SIGINT');
    expect(await first.tool.ended).toBe(0);
    expect(first.tool.output()).toContain('Stopped.');
    for (const url of first.urls) await expect(fetch(url)).rejects.toThrow();

    const second = await start();
    for (const url of second.urls) {
      const window = (await (await fetch(at(url, '/context'))).json()) as { messages: object[] };
      expect(window.messages).toMatchObject([{ seq: 1, role: 'user' }]);
    }
    second.tool.kill('SIGTERM');
    expect(await second.tool.ended).toBe(0);
  },
  2 * deadlineMs,
);

test(
  'a node whose port is taken ends, and the terminal says why at once',
  async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-cluster-'));
    const port = await freePorts(2);
    const taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    try {
      tool = runTool('cluster.ts', ['--nodes', '2', '--port', `${port}`, '--dir', directory]);
      const until = performance.now() + deadlineMs;
      while (!tool.output().includes(`Port ${port} is in use`)) {
        if (performance.now() > until) throw new Error(`not said:\n${tool.output()}`);
        await delay(50);
      }
      expect(tool.output()).toContain('n1 ended by itself');
      tool.kill('SIGINT');
      await tool.ended;
    } finally {
      taken.close();
    }
  },
  2 * deadlineMs,
);

test('a wrong option is named, and nothing starts', async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-cluster-'));
  const wrong = runTool('cluster.ts', ['--port', '70000']);
  expect(await wrong.ended).toBe(2);
  expect(wrong.output()).toContain('--port is a whole number');
});
