import type { RecordableHistogram } from 'node:perf_hooks';
import { integer, milliseconds } from './figures.ts';
import { summariseProfile } from './profile.ts';
import type { ScenarioResult } from '../scenarios/compare.ts';
import type { StartResult } from '../scenarios/start.ts';
import type { RaftResult } from '../scenarios/raft.ts';
import type { StreamsResult } from '../scenarios/streams.ts';
import { markdownTable } from './table.ts';

/** Throughput, latencies, memory and CPU of each scenario and system; a mix has a row for each kind. */
export function loadTable(results: readonly ScenarioResult[]): string {
  const header = [
    'scenario',
    'system',
    'requests/s',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'max ms',
    'memory MiB',
    'server CPU µs/request',
    'errors',
  ];
  return markdownTable(header, results.flatMap(rowsOf));
}

function rowsOf(result: ScenarioResult): string[][] {
  const { append, read } = result.total.latency;
  const mixed = append.count > 0 && read.count > 0;
  const kinds: [string, RecordableHistogram][] = [
    [mixed ? `${result.scenario}: appends` : result.scenario, append],
    [mixed ? `${result.scenario}: reads` : result.scenario, read],
  ];
  return kinds
    .filter(([, latency]) => latency.count > 0)
    .map(([title, latency]) => [
      title,
      result.system,
      integer(latency.count / result.total.seconds),
      milliseconds(latency.percentile(50)),
      milliseconds(latency.percentile(95)),
      milliseconds(latency.percentile(99)),
      milliseconds(latency.max),
      result.memoryMiB === undefined ? '?' : integer(result.memoryMiB),
      integer((result.cpuSeconds * 1_000_000) / result.total.requests),
      String(result.total.errorCount),
    ]);
}

/** One line per scenario that both systems have run. */
export function ratioLines(results: readonly ScenarioResult[]): string[] {
  const lines: string[] = [];
  for (const ours of results) {
    const theirs = results.find((each) => each.scenario === ours.scenario && each.system !== ours.system);
    if (theirs === undefined || results.indexOf(theirs) < results.indexOf(ours)) continue;
    const ratio = ours.total.throughput / theirs.total.throughput;
    const rounds = ours.perRound.map((rate, round) => (rate / (theirs.perRound[round] ?? NaN)).toFixed(2));
    const kind = ours.scenario === 'reads' ? 'read' : 'append';
    const p99 = [ours, theirs].map((each) => milliseconds(each.total.latency[kind].percentile(99)));
    lines.push(
      `${ours.scenario}: ${ours.system} / ${theirs.system} = ${ratio.toFixed(2)} ` +
        `(by round ${rounds.join(', ')}); p99 of a${kind === 'append' ? 'n' : ''} ${kind} ${p99.join(' ms against ')} ms`,
    );
  }
  return lines;
}

/** Unexpected answers, if there were any: numbers with errors among them are no numbers. */
export function errorLines(results: readonly ScenarioResult[]): string[] {
  return results
    .filter(({ total }) => total.errorCount > 0)
    .map(({ scenario, system, total }) => {
      const statuses = [...total.errors].map(([status, count]) => `${String(count)} × ${String(status)}`);
      return `${scenario}, ${system}: ${statuses.join(', ')}; the first said: ${total.firstError ?? ''}`;
    });
}

/** Where the server's time went, for each scenario that was profiled. */
export function profileSections(results: readonly ScenarioResult[]): string[] {
  return results.flatMap(({ scenario, profile, total }) => {
    if (profile === undefined) return [];
    const threads = [...profile.threads].filter(([, seconds]) => seconds > 0).sort((a, b) => b[1] - a[1]);
    const perRequest = (seconds: number): string => integer((seconds * 1_000_000) / total.requests);
    const rows = threads.map(([name, seconds]) => [name, '', seconds.toFixed(2), perRequest(seconds)]);
    return [
      `## ${scenario}`,
      markdownTable(['threads', '', 'CPU s', 'µs/request'], rows),
      summariseProfile(profile.mainThread),
    ];
  });
}

export function startTable(results: readonly StartResult[]): string {
  const header = [
    'messages',
    'filled in s',
    'ready after stop ms',
    'ready after kill -9 ms',
    'memory when ready MiB',
    'memory after reading each window MiB',
  ];
  const memory = (value: number | undefined): string => (value === undefined ? '?' : integer(value));
  return markdownTable(
    header,
    results.map((each) => [
      integer(each.messages),
      each.fillSeconds.toFixed(1),
      integer(each.afterStopMs),
      integer(each.afterKillMs),
      memory(each.readyMiB),
      memory(each.afterReadsMiB),
    ]),
  );
}

export function streamsTable(results: readonly StreamsResult[]): string {
  const header = [
    'streams',
    'contexts',
    'appends/s',
    'message frames/s',
    'append p50 ms',
    'append p99 ms',
    'append to frame p50 ms',
    'append to frame p99 ms',
    'largest ms',
    'memory MiB without streams',
    'with streams',
    'at the end',
    'CPU seconds',
  ];
  const memory = (value: number | undefined): string => (value === undefined ? '?' : integer(value));
  return markdownTable(
    header,
    results.map((each) => [
      integer(each.streams),
      integer(each.contexts),
      integer(each.appendsPerSecond),
      integer(each.framesPerSecond),
      milliseconds(each.answer.percentile(50)),
      milliseconds(each.answer.percentile(99)),
      milliseconds(each.frame.percentile(50)),
      milliseconds(each.frame.percentile(99)),
      milliseconds(each.frame.max),
      memory(each.idleMiB),
      memory(each.connectedMiB),
      memory(each.endMiB),
      each.cpuSeconds?.toFixed(1) ?? '?',
    ]),
  );
}

export function raftTable(results: readonly RaftResult[]): string {
  const header = ['storage', 'groups', 'proposals/s', 'p50 ms', 'p99 ms', 'CPU µs each', 'memory MiB'];
  return markdownTable(
    header,
    results.map((each) => [
      each.storage,
      integer(each.groups),
      integer(each.perSecond),
      each.p50Ms.toFixed(2),
      each.p99Ms.toFixed(2),
      each.cpuMicrosEach.toFixed(1),
      integer(each.rssMiB),
    ]),
  );
}
