import type { ArchiveResult } from '../scenarios/archive.ts';
import type { RoundTripResult } from '../scenarios/archive-roundtrip.ts';
import { integer } from './figures.ts';
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
