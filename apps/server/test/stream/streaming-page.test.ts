import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { closeCodes, errorCodes, streamFrame } from '@fastpaca/protocol';
import { message, startApplication, type TestApplication } from '../application.js';

const page = readFileSync(new URL('../../../../docs/streaming.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text ?? '',
  );

let server: TestApplication;
beforeAll(async () => {
  server = await startApplication();
});
afterAll(async () => {
  await server.close();
});

const here = (text: string): string =>
  text
    .replaceAll('http://localhost:4000', server.url)
    .replaceAll('ws://localhost:4000', server.url.replace('http', 'ws'));

test('the commands of docs/streaming.md show a message and a context', async () => {
  const [block = ''] = blocks('bash');
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here(block)]);
  expect(stdout).toContain('data: {"type":"message","version":1,"seq":1,');
  expect(stdout).toContain('id: 1\ndata: {"type":"context","version":1,');
});

test('its websocket client prints every message, resumes, and ends with the context', async () => {
  const path = '/v1/contexts/stream-demo';
  await server.put(path);
  const [program = ''] = blocks('js');
  const child = spawn(process.execPath, ['--input-type=module', '-e', here(program)]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const { body } = await server.post(`${path}/messages`, { message: message('Hi', { role: 'assistant' }) });
  while (!output.includes(`${String(body.seq)} assistant`)) await once(child.stdout, 'data');
  await server.call('DELETE', path);
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  expect(output.split('\n').filter((line) => line === `${String(body.seq)} assistant`)).toHaveLength(1);
});

test('its example frames are frames', () => {
  const [frames = ''] = blocks('json');
  const lines = frames.trim().split('\n');
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(streamFrame.safeParse(JSON.parse(line)).error).toBeUndefined();
});

test('it names every frame, every close code and every refusal with its status', () => {
  for (const { shape } of streamFrame.options) expect(page).toContain(`| \`${shape.type.value}\``);
  for (const { code } of Object.values(closeCodes))
    expect(page).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'));
  const refusals = [
    'unauthorized',
    'context_not_found',
    'upgrade_required',
    'too_many_streams',
    'unavailable',
  ];
  for (const code of refusals) {
    const { status } = errorCodes[code as keyof typeof errorCodes];
    expect(page).toMatch(new RegExp(`^\\| ${status} +\\| .*\`${code}\``, 'm'));
  }
});
