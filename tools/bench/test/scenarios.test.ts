import { beforeAll, describe, expect, test } from '@jest/globals';
import { readOptions } from '../src/options.ts';
import { figure, runBench, tableRows, type BenchRun } from './run-bench.ts';

// Each scenario once, as short as it goes: that the tool runs, and that its figures are of real answers.
// The figures themselves are of no use: other tests run at the same time.
const DEADLINE_MS = 400_000;
const short = [
  '--duration',
  '0.25',
  '--warm-up',
  '0',
  '--rounds',
  '1',
  '--contexts',
  '5',
  '--in-flight',
  '8',
];
const systems = ['context store', 'Fastify + Postgres'];

describe('all scenarios of one node in one run', () => {
  let run: BenchRun;
  beforeAll(async () => {
    const scenarios = ['appends', 'reads', 'mix', 'start', 'streams', 'archive', 'archive-roundtrip'];
    run = await runBench(...short, ...scenarios, '--messages', '3000', '--streams', '20', '--rate', '100');
  }, DEADLINE_MS);

  test('end well', () => {
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
  });

  test('appends, reads and a mix of both systems, with the ratio', () => {
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
  });

  test('starts over a directory', () => {
    const rows = tableRows(run.output, 'messages');
    expect(rows.map((row) => row['messages'])).toEqual(['3,000']);
    expect(figure(rows[0], 'ready after stop ms')).toBeGreaterThan(0);
    expect(figure(rows[0], 'ready after kill -9 ms')).toBeGreaterThan(0);
  });

  test('streams get every message', () => {
    const rows = tableRows(run.output, 'streams');
    expect(rows.map((row) => row['contexts'])).toEqual(['20', '2']);
    for (const row of rows) expect(figure(row, 'message frames/s')).toBeGreaterThan(0);
  });

  test('messages go through a server into Postgres, off the node and back, with the same checksum', () => {
    const [sent, read] = [...run.output.matchAll(/^SHA-256 .* ([0-9a-f]{64})$/gm)].map((match) => match[1]);
    expect(sent).toBeDefined();
    expect(read).toBe(sent);
    expect(run.output).toMatch(/2,500 trimmed from the node, 500 still there/);
  });

  test('a backlog goes into Postgres and comes back, beside the same rows by COPY', () => {
    const rows = tableRows(run.output, 'archive');
    expect(rows.map((row) => [row['archive'], row['rows']])).toEqual([
      ['archived', '3,000'],
      ['read back', '3,000'],
      ['COPY into messages', '3,000'],
      ['COPY into both tables', '3,000'],
    ]);
    for (const row of rows) expect(figure(row, 'rows/s')).toBeGreaterThan(0);
    const [, made, found] =
      /^checksums of the messages: (\d+) made, (\d+) read back$/m.exec(run.output) ?? [];
    expect(made).toBeDefined();
    expect(made).toBe(found);
  });

  test('appends beside an archiver, beside COPY, and beside nothing', () => {
    // The first table has a row with the name of this one's first column.
    const report = run.output.slice(run.output.indexOf('checksums of the messages'));
    const appends = tableRows(report, 'appends');
    expect(appends.map((row) => row['appends'])).toEqual([
      'beside nothing',
      'beside the archiver',
      'beside COPY',
    ]);
    for (const row of appends) expect(figure(row, 'appends/s')).toBeGreaterThan(0);
    // A batch every 250 ms: on a busy machine none may end in so short a time.
    expect(figure(appends[2], 'rows/s into Postgres')).toBeGreaterThanOrEqual(0);
    expect(run.output).toMatch(/^appends: beside the archiver \/ beside nothing = \d+\.\d\d$/m);
    expect(run.output).toMatch(/^appends: beside COPY \/ beside nothing = \d+\.\d\d$/m);
  });
});

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

test.each([
  { args: ['--scenario', 'writes'], names: '--scenario' },
  { args: ['--in-flight', '0'], names: '--in-flight' },
  { args: ['--contexts', '1.5'], names: '--contexts' },
])('a wrong value of $names is named', ({ args, names }) => {
  expect(() => readOptions(args)).toThrow(names);
});

test('an option that is none is named, and nothing runs', async () => {
  const run = await runBench('--durations', '3');
  expect(run).toMatchObject({ exitCode: 2, output: '' });
  expect(run.errors).toContain('--durations');
});
