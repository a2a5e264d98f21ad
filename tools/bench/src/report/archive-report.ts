import type { ArchiveResult } from '../scenarios/archive.ts';
import type { AppendsResult } from '../scenarios/archive-appends.ts';
import type { RoundTripResult } from '../scenarios/archive-roundtrip.ts';
import { integer, milliseconds } from './figures.ts';
import { markdownTable } from './table.ts';

export function archiveTable({ archive, copies }: ArchiveResult): string {
  const row = (title: string, rows: number, seconds: number, cpu = '', first = '', most = ''): string[] => [
    title,
    integer(rows),
    seconds.toFixed(1),
    integer(rows / seconds),
    cpu,
    first,
    most,
  ];
  const cpu = ((archive.cpuSeconds * 1_000_000) / archive.rows).toFixed(1);
  const memory = [integer(archive.startMiB), integer(archive.mostMiB)];
  return markdownTable(
    ['archive', 'rows', 's', 'rows/s', 'CPU µs/row', 'memory MiB at first', 'memory MiB at most'],
    [
      row('archived', archive.rows, archive.seconds, cpu, ...memory),
      row('read back', archive.rows, archive.readBackSeconds),
      ...copies.map(({ tables, rows, seconds }) => row(`COPY into ${tables}`, rows, seconds)),
    ],
  );
}

export function archiveLines({ archive, copies }: ArchiveResult): string[] {
  const rate = archive.rows / archive.seconds;
  const [made, found] = archive.checksums;
  return [
    ...copies.map(
      ({ tables, rows, seconds }) =>
        `archive / COPY into ${tables} = ${((rate * seconds) / rows).toFixed(2)}`,
    ),
    `checksums of the messages: ${String(made)} made, ${String(found)} read back`,
  ];
}

export function appendsTable(results: readonly AppendsResult[]): string {
  return markdownTable(
    [
      'appends',
      'appends/s',
      'p50 ms',
      'p99 ms',
      'server CPU µs/append',
      'rows/s into Postgres',
      'Postgres CPU µs/row',
      'rows waiting at the end',
    ],
    results.map((result) => {
      const { total, beside, rows, postgresCpuSeconds, pendingRows } = result;
      const { append } = total.latency;
      return [
        `beside ${beside}`,
        integer(total.throughput),
        milliseconds(append.percentile(50)),
        milliseconds(append.percentile(99)),
        integer(serverUs(result)),
        beside === 'nothing' ? '' : integer(rows / total.seconds),
        rows > 0 ? ((postgresCpuSeconds * 1_000_000) / rows).toFixed(1) : '',
        beside === 'the archiver' ? integer(pendingRows) : '',
      ];
    }),
  );
}

const serverUs = ({ serverCpuSeconds, total }: AppendsResult): number =>
  (serverCpuSeconds * 1_000_000) / total.requests;

/**
 * Postgres, the client and the node share this machine's cores: of what appends lose, the node's own part is
 * its CPU time for the rows that it archives meanwhile.
 */
export function appendsLines([nothing, archiver, copy]: readonly AppendsResult[]): string[] {
  if (nothing === undefined || archiver === undefined || copy === undefined) return [];
  const lines = [archiver, copy].map(({ beside, total }) => {
    const ratio = total.throughput / nothing.total.throughput;
    return `appends: beside ${beside} / beside nothing = ${ratio.toFixed(2)}`;
  });
  if (archiver.rows === 0) return lines;
  const ownUs = (serverUs(archiver) - serverUs(nothing)) * archiver.total.requests;
  const perRow = (ownUs / archiver.rows).toFixed(1);
  const share = ((100 * ownUs) / (archiver.serverCpuSeconds * 1_000_000)).toFixed(1);
  return [
    ...lines,
    `the node itself, beside Postgres: ${perRow} µs of CPU for each archived row, ${share} % of what it used`,
  ];
}

export function roundTripLines(result: RoundTripResult): string[] {
  const { messages, appendSeconds, archiveSeconds, readSeconds, trimmed, local, checksums } = result;
  const [sent, read] = checksums;
  return [
    `${integer(messages)} messages appended in ${appendSeconds.toFixed(1)} s, all in the archive ` +
      `${archiveSeconds.toFixed(1)} s later, read back in ${readSeconds.toFixed(1)} s`,
    `${integer(trimmed)} trimmed from the node, ${integer(local)} still there`,
    `SHA-256 as acknowledged ${sent}`,
    `SHA-256 as read back    ${read}`,
  ];
}
