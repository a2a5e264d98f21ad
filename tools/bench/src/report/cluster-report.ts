import type { OutageResult } from '../scenarios/cluster/outage.ts';
import type { RestartResult } from '../scenarios/cluster/restart.ts';
import type { ThroughputResult } from '../scenarios/cluster/throughput.ts';
import { integer, milliseconds } from './figures.ts';
import { markdownTable } from './table.ts';

export function throughputTable(results: readonly ThroughputResult[]): string {
  const header = [
    'appends',
    'by round',
    'appends/s',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'max ms',
    'CPU µs/append',
    'memory MiB',
    'formed in ms',
    'errors',
  ];
  return markdownTable(
    header,
    results.map(({ system, total, perRound, cpuSeconds, memoryMiB, formedAfterMs }) => {
      const { append } = total.latency;
      return [
        system,
        perRound.map(integer).join(' · '),
        integer(append.count / total.seconds),
        milliseconds(append.percentile(50)),
        milliseconds(append.percentile(95)),
        milliseconds(append.percentile(99)),
        milliseconds(append.max),
        integer((cpuSeconds * 1_000_000) / total.requests),
        memoryMiB === undefined ? '?' : integer(memoryMiB),
        formedAfterMs.map(integer).join(' · '),
        String(total.errorCount),
      ];
    }),
  );
}

/** Ours over theirs, where both have run. */
export function clusterRatio([ours, theirs]: readonly ThroughputResult[]): string | undefined {
  if (ours === undefined || theirs === undefined) return undefined;
  const ratio = ours.total.throughput / theirs.total.throughput;
  const rounds = ours.perRound.map((rate, round) => (rate / (theirs.perRound[round] ?? NaN)).toFixed(2));
  const p99 = [ours, theirs].map(({ total }) => milliseconds(total.latency.append.percentile(99)));
  return (
    `cluster: ${ours.system} / ${theirs.system} = ${ratio.toFixed(2)} (by round ${rounds.join(', ')}); ` +
    `p99 of an append ${p99.join(' ms against ')} ms`
  );
}

export function outageTable(results: readonly OutageResult[]): string {
  const header = [
    'time without writes',
    'fault',
    'contexts',
    'longest before ms',
    'median ms',
    'affected',
    'their median ms',
    'their p99 ms',
    'max ms',
  ];
  return markdownTable(
    header,
    results.map(({ system, fault, longestGaps, affected, longestBeforeMs }) => {
      const sorted = longestGaps.toSorted((a, b) => a - b);
      const hit = sorted.slice(sorted.length - affected);
      return [
        system,
        fault,
        integer(sorted.length),
        integer(longestBeforeMs),
        integer(quantile(sorted, 0.5)),
        integer(affected),
        affected === 0 ? '-' : integer(quantile(hit, 0.5)),
        affected === 0 ? '-' : integer(quantile(hit, 0.99)),
        integer(sorted.at(-1) ?? 0),
      ];
    }),
  );
}

export function restartTable(results: readonly RestartResult[]): string {
  const header = [
    'start',
    'messages',
    'filled in s',
    'one node ready ms',
    'all three ready ms',
    'idle CPU of a node',
  ];
  return markdownTable(
    header,
    results.map(({ system, messages, fillSeconds, nodeReadyMs, clusterReadyMs, idleCore }) => [
      system,
      integer(messages),
      fillSeconds.toFixed(1),
      integer(nodeReadyMs),
      integer(clusterReadyMs),
      idleCore === undefined ? '?' : `${(idleCore * 100).toFixed(1)} %`,
    ]),
  );
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
