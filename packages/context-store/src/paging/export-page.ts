import type { ContextId } from '../context/context-id.js';
import { notFound, recordOf } from '../context/find-context.js';
import type { GroupMachine } from '../state/group-machine.js';
import type { RangeOptions } from './page-options.js';
import type { LogSource } from './read-log.js';
import { readLines, spanOf } from './read-messages.js';

/** Where an export is: a plain value that any replica can go on from. */
export interface ExportPosition extends Pick<RangeOptions, 'fromSeq' | 'toSeq'> {
  /** Which life of the id; null at the beginning. */
  readonly life: number | null;
}

/** Where an export goes on: the range was settled when it began. */
export interface NextExportPosition extends ExportPosition {
  readonly life: number;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export interface ExportPage {
  /** NDJSON: whole lines. */
  readonly lines: Uint8Array;
  /** Null at the end. */
  readonly next: NextExportPosition | null;
}

const noLines = new Uint8Array();

/**
 * The next piece of an export, of about 256 KiB.
 * @throws StoreError `context_not_found`, also where the context was erased since the export began;
 *   `archive_unavailable`, `archive_incomplete`
 */
export async function readExportPage(
  source: LogSource,
  id: ContextId,
  position: ExportPosition,
): Promise<ExportPage> {
  const record = recordOf(source.machine, id);
  const life = record.ordinal;
  if (position.life !== null && position.life !== life) throw notFound(id);
  const { from, to } = spanOf(record, position);
  if (from > to) return { lines: noLines, next: null };
  const { lines, last } = await readLines(source, id, life, { from, to });
  return { lines, next: last >= to ? null : { life, fromSeq: last + 1, toSeq: to } };
}

/** Whether a replica has everything of an export that goes on: what it reads was there when it began. */
export function isPageReached(
  machine: GroupMachine,
  id: ContextId,
  { life, toSeq }: ExportPosition,
): boolean {
  if (life === null || toSeq === undefined) return false;
  const record = machine.context(id)?.record;
  return record?.ordinal === life && record.lastSeq >= toSeq;
}
