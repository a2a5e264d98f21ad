import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { image, longestStopSeconds, read, root, serverVariables } from './repository.ts';

const run = promisify(execFile);

/** Not one of the server's, and set for it: where temporary files go. */
const variablesOfTheSystem = ['TMPDIR'];

describe('the systemd unit', () => {
  const file = 'docker/systemd/fastpaca.service';
  const directives = [...read(file).matchAll(/^([A-Za-z]+)=(.*)$/gm)].map((match) => ({
    name: match[1] ?? '',
    value: match[2] ?? '',
  }));
  const values = (wanted: string): string[] =>
    directives.filter(({ name }) => name === wanted).map(({ value }) => value);
  const analyze = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find((program) => existsSync(program));
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-unit-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('sets only variables that the server has, or that every program reads', () => {
    const names = values('Environment').map((assignment) => assignment.split('=')[0] ?? '');
    expect(names).toEqual(['FASTPACA_RAFT_DATA_DIR', 'TMPDIR']);
    const known = (name: string) => serverVariables.has(name) || variablesOfTheSystem.includes(name);
    expect(names.filter((name) => !known(name))).toEqual([]);
  });

  test('writes only where the unit lets it', () => {
    expect(values('ProtectSystem')).toEqual(['strict']);
    expect(values('Environment')).toEqual([
      `FASTPACA_RAFT_DATA_DIR=/var/lib/${values('StateDirectory')[0]}`,
      `TMPDIR=/var/cache/${values('CacheDirectory')[0]}`,
    ]);
  });

  test('gives the node longer to stop than it takes', () => {
    expect(Number(values('TimeoutStopSec')[0])).toBeGreaterThan(longestStopSeconds);
  });

  // systemd's own opinion, where it is installed. What it would say about a missing program is beside the point.
  (analyze === undefined ? test.skip : test)('is what systemd accepts, and hardly exposed', () => {
    const unit = path.join(directory, 'fastpaca.service');
    writeFileSync(unit, read(file).replace('/usr/local/bin/fastpaca-server', process.execPath));
    const options = { encoding: 'utf8', stdio: 'pipe' } as const;
    expect(execFileSync(analyze ?? '', ['verify', unit], options)).toBe('');
    const limits = ['--offline=true', '--no-pager', '--threshold=20'];
    expect(() => execFileSync(analyze ?? '', ['security', ...limits, unit], options)).not.toThrow();
  });
});

/** What the parser makes of HCL: blocks are lists, by their labels. */
type Block = Readonly<Record<string, unknown>>;

/** In a process of its own: the parser is a Go program, whose runtime never ends by itself. */
async function parseHcl(text: string): Promise<unknown> {
  const script = `
    import { parse } from '@cdktf/hcl2json';
    const end = (stream, text, code) => stream.write(text, () => process.exit(code));
    parse('job.hcl', process.argv[1]).then(
      (job) => end(process.stdout, JSON.stringify(job), 0),
      (error) => end(process.stderr, String(error), 1),
    );`;
  const args = ['--input-type=module', '--eval', script, text];
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname });
  return JSON.parse(stdout) as unknown;
}

function block(value: unknown, ...names: readonly string[]): Block {
  const inner = names.reduce<unknown>((found, name) => {
    const next = (found as Block)[name];
    return Array.isArray(next) ? next[0] : next;
  }, value);
  if (typeof inner !== 'object' || inner === null) throw new Error(`no block ${names.join(' ')}`);
  return inner as Block;
}

describe('the Nomad job', () => {
  const file = 'docker/nomad/fastpaca.nomad.hcl';
  let job: Block;
  beforeAll(async () => {
    job = block(await parseHcl(read(file)), 'job', 'fastpaca');
  });

  test('is HCL, runs three nodes on distinct machines and keeps their data in a volume', () => {
    const group = block(job, 'group', 'nodes');
    expect(group['count']).toBe(3);
    expect(block(group, 'constraint')).toEqual({ operator: 'distinct_hosts', value: 'true' });
    const task = block(group, 'task', 'server');
    expect(block(group, 'volume', 'data')['type']).toBe('host');
    expect(block(task, 'volume_mount')).toEqual({ volume: 'data', destination: image.volume });
    expect(block(group, 'network', 'port', 'http')['static']).toBe(image.port);
    expect(block(job, 'update')['max_parallel']).toBe(1);
    expect(Number.parseInt(String(task['kill_timeout']))).toBeGreaterThan(longestStopSeconds);
  });

  test('sets only variables that the server has', () => {
    const task = block(job, 'group', 'nodes', 'task', 'server');
    const template = String(block(task, 'template')['data']);
    const names = [...Object.keys(block(task, 'env')), ...(template.match(/^[A-Z_]+(?==)/gm) ?? [])];
    expect(names).toContain('FASTPACA_CLUSTER_SECRET');
    expect(names.filter((name) => !serverVariables.has(name))).toEqual([]);
    expect(block(task, 'env')).toMatchObject({ PORT: String(image.port), FASTPACA_CLUSTER_SIZE: '3' });
  });

  test('HCL with a mistake is noticed', async () => {
    await expect(parseHcl(read(file).replace('count = 3', 'count = '))).rejects.toMatchObject({
      stderr: expect.stringContaining('Invalid expression'),
    });
  });
});

test('all name the same image', () => {
  const version = (JSON.parse(read('apps/server/package.json')) as { version: string }).version;
  const files = ['docker/kubernetes/statefulset.yaml', 'docker/nomad/fastpaca.nomad.hcl'];
  for (const file of files) expect(read(file)).toContain(`fastpaca/context-store:${version}`);
  expect(existsSync(path.join(root, 'docker/Dockerfile'))).toBe(true);
});
