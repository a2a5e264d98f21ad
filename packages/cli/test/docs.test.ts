import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
// oxlint-disable-next-line no-restricted-imports -- a helper of tests, which no package exports
import { StoreProcess, freePort } from '../../client/test/store-process.js';
import { Running } from './cli.js';

// What docs/cli.md and the README tell to type, typed: line by line into a shell, against a real server.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-cli-docs-'));
let single: StoreProcess;
let another: StoreProcess;

beforeAll(async () => {
  const command = `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, 'packages/cli/dist/main.js')}" "$@"\n`;
  writeFileSync(path.join(directory, 'fastpaca'), command);
  chmodSync(path.join(directory, 'fastpaca'), 0o755);
  // What a reader has: an answer, a summary, and a history long enough for the seq that the page compacts up to.
  writeFileSync(path.join(directory, 'answer.txt'), 'It left on Monday.\n');
  writeFileSync(path.join(directory, 'summary.txt'), 'The order left on Monday.\n');
  const history = Array.from({ length: 130 }, (_, n) => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    parts: [{ type: 'text', text: `message ${n}` }],
  }));
  const lines = history.map((message) => `${JSON.stringify(message)}\n`);
  writeFileSync(path.join(directory, 'history.ndjson'), lines.join(''));

  [single, another] = await Promise.all([StoreProcess.start(), StoreProcess.start()]);
}, 300_000);
afterAll(async () => {
  await Promise.all([single, another].map((server) => server.remove()));
  rmSync(directory, { recursive: true, force: true });
});

/** The lines of the `bash` blocks of a page, in order. */
function linesOf(page: string): string[] {
  const text = readFileSync(path.join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  return blocks.join('').trimEnd().split('\n');
}

/** What is for a cluster, and would leave a server alone without itself. */
const needsCluster = (line: string): boolean => /^fastpaca cluster (drain|remove)/.test(line);

/**
 * Types a line, against a server, and returns what it prints. It must end well; one that follows is ended with Ctrl-C once
 * it has shown something.
 */
async function type(line: string, server = single): Promise<string> {
  const command = line
    .replaceAll('http://localhost:4000', server.url)
    .replaceAll('http://another:4000', another.url);
  const follows = / (-f|--follow)\b/.test(line);
  const env = { PATH: `${directory}:${process.env['PATH'] ?? ''}`, FASTPACA_URL: server.url };
  // The shell makes way for the command, so that the signal of Ctrl-C reaches it.
  const script = follows ? `exec ${command}` : command;
  // Without its start files, which bash reads where its input is a socket.
  const flags = ['--norc', '-euo', 'pipefail', '-c'];
  const running = new Running(spawn('bash', [...flags, script], { cwd: directory, env, stdio: 'pipe' }));
  running.child.stdin.end();
  if (follows) {
    await running.printed((out) => out.includes('\n'));
    running.child.kill('SIGINT');
  }
  const { code, out, err } = await running.ended();
  expect({ line, code, err }).toEqual({ line, code: follows ? 130 : 0, err: '' });
  return out;
}

test('every line of the guide works as typed', async () => {
  const printed = new Map<string, string>();
  const lines = linesOf('docs/cli.md').filter((line) => !needsCluster(line));
  for (const line of lines) printed.set(line, await type(line));
  const outputOf = (begin: string): string =>
    [...printed].find(([line]) => line.startsWith(`fastpaca ${begin}`))?.[1] ?? '';
  expect(outputOf('list --prefix')).toMatch(/^chat-42 /m);
  expect(outputOf('append chat-42 --messages')).toMatch(/^seq 3 to 132, /);
  expect(outputOf('tail')).toMatch(/message 129$/m);
  expect(outputOf('context')).toContain('message 129');
  expect(outputOf('compact')).toMatch(/^chat-42 is compacted/);
  expect(outputOf('cluster status')).toMatch(/^NODE +STATE/m);
}, 240_000);

test('what the guide says of a cluster works in one of four nodes, where three can take what the fourth has', async () => {
  const lines = linesOf('docs/cli.md').filter(needsCluster);
  expect(lines.map((line) => line.split(' ')[2])).toEqual(['drain', 'remove']);
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await freePort());
  const env = {
    FASTPACA_CLUSTER_SEED: [...ports].map((port) => `127.0.0.1:${port}`).join(','),
    FASTPACA_CLUSTER_SIZE: String(ports.size),
  };
  const start = (port: number, index: number): Promise<StoreProcess> =>
    StoreProcess.start({ ...env, FASTPACA_NODE_NAME: `node-${'abcd'.charAt(index)}` }, port);
  const nodes = await Promise.all([...ports].map(start));
  try {
    const [drained, removed] = [await type(lines[0] ?? '', nodes[0]), await type(lines[1] ?? '', nodes[0])];
    expect(drained).toMatch(/^node-b +draining +\S+ +0 +0 +0 /m);
    expect(removed).toBe('node-b is removed.\n');
  } finally {
    await Promise.all(nodes.map((node) => node.remove()));
  }
}, 240_000);

test('every line of the README works as typed', async () => {
  const lines = linesOf('packages/cli/README.md');
  expect(lines.length).toBeGreaterThan(5);
  const exported = lines.filter((line) => line.startsWith('export '));
  expect(exported).toEqual(['export FASTPACA_URL=http://localhost:4000']);
  for (const line of lines.filter((each) => !exported.includes(each))) await type(line);
}, 180_000);
