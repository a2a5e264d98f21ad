import type { ContextId } from '../../src/context/context-id.js';
import { readExportPage, type ExportPosition } from '../../src/paging/export-page.js';
import type { LogSource } from '../../src/paging/read-log.js';

/** The NDJSON of a range, piece by piece, as an export reads it. */
export async function exportAll(
  source: LogSource,
  id: ContextId,
  range: Pick<ExportPosition, 'fromSeq' | 'toSeq'>,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  let next: ExportPosition | null = { life: null, ...range };
  while (next !== null) {
    const page = await readExportPage(source, id, next);
    pieces.push(page.lines);
    next = page.next;
  }
  return Buffer.concat(pieces).toString();
}
