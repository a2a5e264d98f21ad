import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { outageTable, throughputTable } from '../src/report/cluster-report.ts';
import { measureOutages } from '../src/scenarios/cluster/outage.ts';
import { measureThroughput } from '../src/scenarios/cluster/throughput.ts';
import type { ClusterSystem, RunningCluster } from '../src/systems/cluster-system.ts';
import { ContextStoreCluster } from '../src/systems/context-store-cluster.ts';
import { figure, tableRows, vocabularyLess } from './run-bench.ts';

// That the scenario runs on real processes and measures real answers, with one node to fail instead of three; the figures of
// a busy machine are of no use.
const shape = {
  ...{ seconds: 0.5, warmUpSeconds: 0.1, rounds: 1, inFlight: 8, contexts: 8, messageBytes: 256 },
  ...{ startMessages: 1_000, seed: 1 },
};
const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-bench-cluster-'));
const cluster = new ContextStoreCluster(path.join(directory, 'cluster'), vocabularyLess);

// Both scenarios start one of their own, which is most of what they would cost here.
let running: RunningCluster;
const system: ClusterSystem = {
  name: cluster.name,
  start: () => Promise.resolve({ ...running, stop: () => Promise.resolve() }),
  dispose: () => Promise.resolve(),
};
beforeAll(async () => {
  running = await cluster.start();
}, 240_000);
afterAll(async () => {
  await running.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('three nodes take appends, and none of them fails', async () => {
  const lines: string[] = [];
  const results = await measureThroughput([system], shape, (line) => lines.push(line));
  expect(lines.length).toBeGreaterThan(0);
  const [appends] = tableRows(throughputTable(results), 'appends');
  expect(appends).toMatchObject({ appends: system.name, errors: '0' });
  expect(figure(appends, 'appends/s')).toBeGreaterThan(0);
  expect(figure(appends, 'p50 ms')).toBeLessThanOrEqual(figure(appends, 'p99 ms'));
}, 240_000);

test('the time without writes is measured for each context, after a node was paused and after one was killed', async () => {
  const faults = { observedSeconds: 0.5, victims: 1, writers: 16 };
  const outages = tableRows(outageTable(await measureOutages(system, shape, faults)), 'time without writes');
  expect(outages.map((row) => row['fault'])).toEqual(['kill -9', 'SIGSTOP']);
  for (const row of outages) {
    expect(figure(row, 'contexts')).toBe(16);
    expect(figure(row, 'max ms')).toBeGreaterThan(0);
  }
}, 240_000);
