import { expect, test } from '@jest/globals';
import { figure, runBench, tableRows } from './run-bench.ts';

// Each scenario once, as short as it goes: that the tool runs, and that its figures are of real answers.
// The figures themselves are of no use: other tests run at the same time.
const DEADLINE_MS = 240_000;
const short = [
  '--duration',
  '0.5',
  '--warm-up',
  '0.1',
  '--rounds',
  '1',
  '--contexts',
  '8',
  '--in-flight',
  '8',
];
const systems = ['context store', 'Fastify + Postgres'];

test(
  'appends, reads and a mix of both systems, with the ratio',
  async () => {
    const run = await runBench(...short);
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    const rows = tableRows(run.output, 'scenario');
    for (const scenario of ['appends', 'reads', 'mix: appends', 'mix: reads']) {
      for (const system of systems) {
        const row = rows.find((each) => each['scenario'] === scenario && each['system'] === system);
        expect(row).toMatchObject({ errors: '0' });
        expect(figure(row, 'requests/s')).toBeGreaterThan(0);
        expect(figure(row, 'p50 ms')).toBeLessThanOrEqual(figure(row, 'p95 ms'));
        expect(figure(row, 'p95 ms')).toBeLessThanOrEqual(figure(row, 'p99 ms'));
      }
    }
    for (const scenario of ['appends', 'reads', 'mix']) {
      expect(run.output).toMatch(
        new RegExp(`^${scenario}: context store / Fastify \\+ Postgres = \\d+\\.\\d\\d `, 'm'),
      );
    }
  },
  DEADLINE_MS,
);

test(
  'a profile says where the time of an append goes',
  async () => {
    const run = await runBench(...short, '--scenario', 'appends', '--profile');
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    const modules = tableRows(run.output, 'module').map((row) => row['module']);
    expect(modules).toContain('packages/context-store');
    expect(modules).toContain('packages/raft-core');
    expect(tableRows(run.output, 'function').length).toBeGreaterThan(0);
  },
  DEADLINE_MS,
);

test(
  'starts over a small and a larger directory',
  async () => {
    const run = await runBench('--scenario', 'start', '--messages', '12000', '--contexts', '4');
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    const rows = tableRows(run.output, 'messages');
    expect(rows.map((row) => row['messages'])).toEqual(['10,000', '12,000']);
    for (const row of rows) {
      expect(figure(row, 'ready after stop ms')).toBeGreaterThan(0);
      expect(figure(row, 'ready after kill -9 ms')).toBeGreaterThan(0);
    }
  },
  DEADLINE_MS,
);

test(
  'streams get every message',
  async () => {
    const run = await runBench(...short, '--scenario', 'streams', '--streams', '20', '--rate', '100');
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    const rows = tableRows(run.output, 'streams');
    expect(rows.map((row) => row['contexts'])).toEqual(['20', '2']);
    for (const row of rows) expect(figure(row, 'message frames/s')).toBeGreaterThan(0);
  },
  DEADLINE_MS,
);

test(
  'messages go through a server into Postgres, off the node and back, with the same checksum',
  async () => {
    const run = await runBench('archive-roundtrip', '--messages', '3001', '--contexts', '5');
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    const [sent, read] = [...run.output.matchAll(/^SHA-256 .* ([0-9a-f]{64})$/gm)].map((match) => match[1]);
    expect(read).toBe(sent);
    expect(run.output).toMatch(/2,501 trimmed from the node, 500 still there/);
  },
  DEADLINE_MS,
);

test(
  'a backlog goes into Postgres and comes back, beside the same rows by COPY; and appends beside an archiver',
  async () => {
    const run = await runBench(...short, 'archive', '--messages', '6001', '--contexts', '7');
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    const rows = tableRows(run.output, 'archive');
    expect(rows.map((row) => [row['archive'], row['rows']])).toEqual([
      ['archived', '6,001'],
      ['read back', '6,001'],
      ['COPY into messages', '6,001'],
      ['COPY into both tables', '6,001'],
    ]);
    for (const row of rows) expect(figure(row, 'rows/s')).toBeGreaterThan(0);
    const [, made, found] =
      /^checksums of the messages: (\d+) made, (\d+) read back$/m.exec(run.output) ?? [];
    expect(made).toBe(found);
    const appends = tableRows(run.output, 'appends');
    expect(appends.map((row) => row['appends'])).toEqual([
      'beside nothing',
      'beside the archiver',
      'beside COPY',
    ]);
    for (const row of appends) expect(figure(row, 'appends/s')).toBeGreaterThan(0);
    expect(figure(appends[2], 'rows/s into Postgres')).toBeGreaterThan(0);
    expect(run.output).toMatch(/^appends: beside the archiver \/ beside nothing = \d+\.\d\d$/m);
    expect(run.output).toMatch(/^appends: beside COPY \/ beside nothing = \d+\.\d\d$/m);
  },
  DEADLINE_MS,
);

test('a wrong option is named, and nothing runs', async () => {
  const wrong = [
    { args: ['--scenario', 'writes'], names: '--scenario' },
    { args: ['--in-flight', '0'], names: '--in-flight' },
    { args: ['--contexts', '1.5'], names: '--contexts' },
    { args: ['--durations', '3'], names: '--durations' },
  ];
  for (const { args, names } of wrong) {
    const run = await runBench(...args);
    expect(run).toMatchObject({ exitCode: 2, output: '' });
    expect(run.errors).toContain(names);
  }
});
