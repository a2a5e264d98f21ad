import { expect, test } from '@jest/globals';
import { figure, runBench, tableRows } from './run-bench.ts';

// That the scenario runs on real processes and measures real answers; the figures of a busy machine are of no use.

test('three nodes: appends, outages, restarts and rest', async () => {
  const run = await runBench(
    ...['cluster', '--no-baseline', '--duration', '1', '--warm-up', '0.5', '--rounds', '1'],
    ...['--contexts', '8', '--in-flight', '8', '--messages', '2000', '--observe', '1'],
  );
  expect(run).toMatchObject({ exitCode: 0, errors: '' });
  const system = 'context store, three nodes';
  const [appends] = tableRows(run.output, 'appends');
  expect(appends).toMatchObject({ appends: system, errors: '0' });
  expect(figure(appends, 'appends/s')).toBeGreaterThan(0);
  expect(figure(appends, 'p50 ms')).toBeLessThanOrEqual(figure(appends, 'p99 ms'));
  const outages = tableRows(run.output, 'time without writes');
  expect(outages.map((row) => row['fault'])).toEqual(['kill -9', 'SIGSTOP']);
  for (const row of outages) expect(figure(row, 'contexts')).toBe(3 * 128);
  const [start] = tableRows(run.output, 'start');
  expect(figure(start, 'messages')).toBe(2_000);
  expect(figure(start, 'one node ready ms')).toBeGreaterThan(0);
  expect(figure(start, 'all three ready ms')).toBeGreaterThan(0);
}, 400_000);
