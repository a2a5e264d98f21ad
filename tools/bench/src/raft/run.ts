import { Session } from 'node:inspector/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { GroupId, RaftHost } from '@fastpaca/raft-core';
import type { CpuProfile } from '../report/cpu-profiler.ts';
import { openHosts, type RaftHosts, type RaftStorageKind } from './hosts.ts';

// One measurement in a process of its own: node src/raft/run.ts '{"storage": …}'. Prints RaftRun as JSON.

export interface RaftRunOptions {
  readonly storage: RaftStorageKind;
  readonly groups: number;
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly profile: boolean;
  readonly directory: string;
}

export interface RaftRun {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  readonly cpuMicrosEach: number;
  readonly rssMiB: number;
  readonly profile: CpuProfile | null;
}

interface Load {
  committed: number;
  failed: number;
  readonly latencies: number[];
}

const SAMPLED = 16;
const RETRY_MS = 10;

async function load(hosts: RaftHosts, options: RaftRunOptions, seconds: number): Promise<Load> {
  const result: Load = { committed: 0, failed: 0, latencies: [] };
  const data = new Uint8Array(options.payloadBytes);
  const leaders: { readonly group: GroupId; host: RaftHost<number> }[] = [];
  for (const group of hosts.groups) leaders.push({ group, host: await hosts.leaderOf(group) });
  const end = performance.now() + seconds * 1_000;
  const client = async (first: number): Promise<void> => {
    for (let turn = first; performance.now() < end; turn += options.inFlight) {
      const leader = leaders[turn % leaders.length];
      if (leader === undefined) return;
      const startedAt = performance.now();
      const outcome = await leader.host.propose(leader.group, data, { deadlineMs: 10_000 });
      if (outcome.kind === 'committed') result.committed += 1;
      else {
        // On a busy machine leaders change. Who asked the old one again at once would stop the process.
        result.failed += 1;
        leader.host = await hosts.leaderOf(leader.group);
        await delay(RETRY_MS);
      }
      if (turn % SAMPLED === 0) result.latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, (_, first) => client(first)));
  return result;
}

async function measure(options: RaftRunOptions): Promise<RaftRun> {
  const hosts = await openHosts(options.storage, options.groups, options.directory);
  await load(hosts, options, options.warmUpSeconds);
  const profiler = options.profile ? new Session() : null;
  if (profiler !== null) {
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.start');
  }
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const { committed, failed, latencies } = await load(hosts, options, options.seconds);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  const profile = profiler === null ? null : (await profiler.post('Profiler.stop')).profile;
  await hosts.close();
  latencies.sort((a, b) => a - b);
  const percentile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    perSecond: committed / seconds,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    failed,
    cpuMicrosEach: (cpu.user + cpu.system) / Math.max(1, committed),
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
    profile: profile as CpuProfile | null,
  };
}

const options = JSON.parse(process.argv[2] ?? '{}') as RaftRunOptions;
process.stdout.write(JSON.stringify(await measure(options)));
