import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
// oxlint-disable-next-line no-restricted-imports -- a helper of tests, which no package exports
import { StoreProcess } from '../../client/test/store-process.js';
import { Cli } from './cli.js';

let store: StoreProcess;
let other: StoreProcess;
let cli: Cli;
const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-cli-'));
const inDirectory = (name: string): string => path.join(directory, name);

beforeAll(async () => {
  [store, other] = await Promise.all([
    StoreProcess.start(),
    StoreProcess.start({ FASTPACA_API_KEY: 'secret' }),
  ]);
  cli = new Cli(store.url);
}, 120_000);
afterAll(async () => {
  await store.remove();
  await other.remove();
  rmSync(directory, { recursive: true, force: true });
});

describe('contexts', () => {
  test('create, get, list and delete show tables, and JSON with --json', async () => {
    const created = await cli.run(['create', 'c:1', '--budget', '500', '--metadata', '{"team":"blue"}']);
    expect(created).toMatchObject({ code: 0, err: '' });
    expect(created.out).toMatch(/^id +c:1\nstatus +active\n/);
    expect(created.out).toMatch(/^tokens +0 of 500$/m);
    expect(await cli.json('get', 'c:1')).toMatchObject({
      id: 'c:1',
      tokenBudget: 500,
      metadata: { team: 'blue' },
    });
    await cli.run(['put', 'c:2', '--policy', 'skip_parts', '--policy-config', '{"keep_last":2}']);
    expect(await cli.json('get', 'c:2')).toMatchObject({
      policy: { strategy: 'skip_parts', config: { keep_last: 2 } },
    });

    const listed = await cli.run(['list', '--prefix', 'c:']);
    expect(listed.out.split('\n').map((line) => line.split(/ +/)[0])).toEqual(['ID', 'c:1', 'c:2', '']);
    const lines = (await cli.run(['list', '--json', '--metadata', 'team=blue'])).out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['c:1']);
    expect(
      (await cli.run(['list', '--prefix', 'c:', '-n', '1', '--json'])).out.trimEnd().split('\n'),
    ).toHaveLength(1);

    expect(await cli.run(['delete', 'c:2'])).toMatchObject({ code: 0, out: 'c:2 is deleted.\n' });
    expect((await cli.run(['append', 'c:2', 'x'])).code).toBe(4);
    expect(await cli.json('delete', 'c:2', '--erase')).toEqual({ id: 'c:2', erased: true });
    expect((await cli.run(['get', 'c:2'])).code).toBe(3);
  }, 180_000);
});

describe('messages', () => {
  test('append takes an argument, a pipe, a file or JSON; tail, messages and context show them', async () => {
    const first = await cli.run(['append', 'm', 'Where is my order?', '--create']);
    expect([first.code, first.out]).toEqual([0, expect.stringMatching(/^seq 1, \d+ tokens, version 1\n$/)]);
    expect((await cli.run(['append', 'm', '--role', 'assistant'], 'It left\non Monday.\n')).code).toBe(0);
    writeFileSync(inDirectory('text'), 'Thanks!\n');
    expect((await cli.run(['append', 'm', '--file', inDirectory('text'), '--id', 'm-3'])).code).toBe(0);
    const again = await cli.run(['append', 'm', '--file', inDirectory('text'), '--id', 'm-3']);
    expect(again.out).toMatch(/^seq 3, .*was there already\n$/);
    const two =
      '{"role":"user","parts":[{"type":"text","text":"a"}]}\n{"role":"assistant","parts":[{"type":"data-x","n":1}]}\n';
    expect((await cli.run(['append', 'm', '--messages'], two)).out).toMatch(/^seq 4 to 5, /);

    const tail = await cli.run(['tail', 'm', '-n', '4']);
    expect(tail.out).toBe(
      '     2  assistant   It left\n                    on Monday.\n     3  user        Thanks!\n' +
        '     4  user        a\n     5  assistant   [data-x] {"n":1}\n',
    );
    const lines = (await cli.run(['messages', 'm', '--from', '-3', '--json'])).out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([3, 4, 5]);

    expect((await cli.run(['compact', 'm', 'The order left.', '--up-to-seq', '3'])).out).toMatch(
      /^m is compacted/,
    );
    const window = (await cli.json('context', 'm', '--explain')) as { messages: object[]; version: number };
    expect(window.messages[0]).toMatchObject({
      role: 'user',
      parts: [{ type: 'text', text: 'The order left.' }],
    });
    expect((await cli.run(['context', 'm'])).out).toMatch(/^ +- +user +The order left\.\n/);
    expect((await cli.run(['append', 'm', 'x', '--if-version', '1'])).code).toBe(4);
    expect((await cli.run(['context', 'm', '--budget', '1'])).code).toBe(1);
  }, 180_000);

  test('tail shows as many messages as it is asked for, also more than a page has', async () => {
    const lines = Array.from(
      { length: 1_000 },
      (_, n) => `{"role":"user","parts":[{"type":"text","text":"${n}"}]}`,
    );
    for (let batch = 0; batch < 2; batch += 1) {
      await cli.run(['append', 'many', '--messages', '--create'], lines.join('\n'));
    }
    const seqsOf = async (count: number): Promise<number[]> =>
      (await cli.run(['tail', 'many', '-n', String(count), '--json'])).out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(await seqsOf(1_500)).toEqual(Array.from({ length: 1_500 }, (_, n) => n + 501));
    expect(await seqsOf(3_000)).toHaveLength(2_000);
    expect(await seqsOf(1)).toEqual([2_000]);
  }, 180_000);

  test('what somebody stored does not reach the terminal as a command', async () => {
    await cli.run(['append', 'evil', '--create'], 'before \u001b[2J\u0007 after');
    expect((await cli.run(['tail', 'evil'])).out).toContain('before \ufffd[2J\ufffd after');
    await cli.run(['append', 'evil', '--role', 'a\u001b[2J\nb'], 'hello');
    expect((await cli.run(['tail', 'evil', '-n', '1'])).out).toBe('     2  a\ufffd[2J b     hello\n');
    await cli.run(['create', 'evil', '--metadata', '{"title":"\u009b2J"}']);
    expect((await cli.run(['get', 'evil'])).out).toContain('{"title":"\ufffd2J"}');
  }, 180_000);

  test('tail -f goes on over a restart of the server, shows each message once, and ends with Ctrl-C', async () => {
    await cli.run(['append', 'f', 'one', '--create']);
    const follow = cli.start('tail', 'f', '-f', '--json');
    const texts = (): string[] =>
      follow.out
        .split('\n')
        .filter((line) => line !== '')
        .flatMap((line) => {
          const value = JSON.parse(line) as {
            parts?: { text: string }[];
            message?: { parts: { text: string }[] };
          };
          return (value.parts ?? value.message?.parts ?? []).map(({ text }) => text);
        });
    await follow.printed(() => texts().includes('one'));
    await cli.run(['append', 'f', 'two']);
    await follow.printed(() => texts().includes('two'));
    await store.kill();
    await store.start();
    await cli.run(['append', 'f', 'three']);
    await follow.printed(() => texts().includes('three'));
    follow.child.kill('SIGINT');
    expect((await follow.ended()).code).toBe(130);
    expect(texts()).toEqual(['one', 'two', 'three']);
  }, 180_000);

  test('a reader that has seen enough is no failure', async () => {
    const messages = Array.from({ length: 900 }, (_, n) => ({
      role: 'user',
      parts: [{ type: 'text', text: `${n} ${'x'.repeat(500)}` }],
    }));
    await cli.run(['append', 'long', '--create', '--messages'], JSON.stringify(messages));
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const script = `set -o pipefail; "${process.execPath}" "${main}" messages long | head -n 2`;
    const shell = spawn('bash', ['-c', script], {
      env: { PATH: process.env['PATH'], FASTPACA_URL: store.url },
      // With a socket for its input bash takes itself for a remote shell, and reads a profile.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    shell.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    shell.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await once(shell, 'close');
    expect([shell.exitCode, err, out.split('\n').length]).toEqual([0, '', 3]);
  }, 180_000);
});

describe('backup and restore', () => {
  test('brings all contexts into another server, with its key; again changes nothing; a conflict is exit code 4', async () => {
    const file = inDirectory('all.ndjson');
    const to = new Cli(other.url, { FASTPACA_API_KEY: 'secret' });
    const saved = await cli.run(['backup', '-o', file]);
    expect(saved).toMatchObject({ code: 0, err: '' });
    expect(saved.out).toMatch(/: \d+ contexts, \d+ messages\.\n$/);
    expect(await to.json('restore', file)).toMatchObject({ replaced: 0, unchanged: 0, conflictCount: 0 });
    const ids = async (from: Cli): Promise<string> => (await from.run(['list', '-n', '0', '--json'])).out;
    expect(await ids(to)).toBe(await ids(cli));
    expect((await to.run(['messages', 'm'])).out).toBe((await cli.run(['messages', 'm'])).out);
    expect(await to.json('restore', file)).toMatchObject({ imported: 0, messages: 0, conflictCount: 0 });

    await to.run(['append', 'm', 'later']);
    const conflict = await to.run(['import', file]);
    expect([conflict.code, conflict.err]).toEqual([4, expect.stringMatching(/1 context differed/)]);
    expect(conflict.out).toMatch(/^CONFLICT +REASON\nm +/m);
    expect(await to.json('import', file, '--overwrite')).toMatchObject({ replaced: 1, conflictCount: 0 });
  }, 180_000);

  test('export and import take single contexts, through a pipe too', async () => {
    const to = new Cli(other.url, { FASTPACA_API_KEY: 'secret' });
    await cli.run(['append', 'e:1', 'hello', '--create']);
    const exported = await cli.run(['export', 'e:1']);
    expect(exported.code).toBe(0);
    expect((await to.run(['import'], exported.out)).out).toMatch(/^imported +1$/m);
    expect((await cli.run(['export', '--prefix', 'e:', '-o', inDirectory('e')])).out).toMatch(
      /1 context, 1 message/,
    );
    expect((await cli.run(['export'])).code).toBe(2);
    expect((await cli.run(['export', 'nobody', '-o', inDirectory('n')])).code).toBe(3);
    expect(readdirSync(directory).filter((name) => name.startsWith('n'))).toEqual([]);
  }, 180_000);

  test('a file that is cut off or altered is refused before anything is sent', async () => {
    const whole = readFileSync(inDirectory('all.ndjson'), 'utf8');
    writeFileSync(inDirectory('cut'), whole.slice(0, -50));
    writeFileSync(inDirectory('altered'), whole.replace('Where is', 'where is'));
    for (const name of ['cut', 'altered']) {
      const refused = await new Cli('http://127.0.0.1:1').run(['restore', inDirectory(name)]);
      expect([name, refused.code]).toEqual([name, 1]);
      expect(refused.err).toMatch(/^fastpaca: The backup (is cut off|was altered)/);
    }
    expect((await cli.run(['restore', inDirectory('missing')])).code).toBe(2);
  }, 180_000);
});

describe('cluster', () => {
  test('status shows the one node of a server; drain and remove of nobody are exit code 3', async () => {
    const status = (await cli.json('cluster', 'status')) as { self: string; nodes: { name: string }[] };
    expect(status.nodes.map(({ name }) => name)).toEqual([status.self]);
    const { out, code } = await cli.run(['cluster', 'status']);
    expect([code, out]).toEqual([0, expect.stringMatching(/^NODE +STATE +ADDRESS/m)]);
    expect((await cli.run(['cluster', 'drain', 'nobody'])).code).toBe(3);
    expect((await cli.run(['cluster', 'remove', 'nobody'])).code).toBe(3);
    expect((await cli.run(['cluster', 'remove', status.self])).code).toBe(4);
  }, 180_000);
});

describe('what goes wrong is one line, with an exit code of its own', () => {
  test.each<[string, readonly string[], number, RegExp]>([
    ['a command that is none', ['fly'], 2, /unknown command/],
    ['an option that is none', ['list', '--fast'], 2, /unknown option/],
    ['a value that is none', ['create', 'x', '--budget', 'much'], 2, /integer/],
    ['an id that is none', ['get', 'no body'], 2, /1 to 256 characters/],
    ['an address that is none', ['list', '--url', 'nowhere'], 2, /--url: nowhere is not a URL/],
    ['a context that is not there', ['get', 'nobody'], 3, /There is no context nobody/],
    ['text that is empty', ['append', 'x', ''], 2, /empty/],
  ])(
    '%s',
    async (_, args, code, message) => {
      const ended = await cli.run(args);
      expect([ended.code, ended.out]).toEqual([code, '']);
      expect(ended.err).toMatch(message);
      expect(ended.err).not.toMatch(/^ +at /m);
    },
    30_000,
  );

  test('no server is 5, a wrong key 6; several addresses are tried; --json makes an error JSON', async () => {
    const nowhere = await new Cli('http://127.0.0.1:1').run(['list']);
    expect([nowhere.code, nowhere.err.trimEnd().split('\n').length]).toEqual([5, 1]);
    expect(nowhere.err).toMatch(/--url or FASTPACA_URL/);
    const locked = new Cli(other.url);
    expect((await locked.run(['list'])).code).toBe(6);
    expect((await locked.run(['list', '--api-key', 'secret'])).code).toBe(0);
    const both = ['list', '--url', 'http://127.0.0.1:1', '--url', store.url];
    expect((await cli.run(both)).code).toBe(0);
    const json = await cli.run(['get', 'nobody', '--json']);
    expect(JSON.parse(json.err)).toMatchObject({ error: 'context_not_found' });
  }, 180_000);

  test('the process ends with the code of its command, and writes the same', async () => {
    for (const args of [
      ['list', '--fast'],
      ['get', 'nobody'],
      ['get', 'nobody', '--json'],
      ['list', '--prefix', 'none'],
    ])
      expect(await cli.runProcess(...args)).toEqual(await cli.run(args));
  }, 180_000);

  test('--help and --version are no failure', async () => {
    const help = await cli.runProcess('--help');
    expect([help.code, help.out]).toEqual([0, expect.stringMatching(/Exit codes: 0 done/)]);
    expect((await cli.runProcess('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  }, 180_000);
});
