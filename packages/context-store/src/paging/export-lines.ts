import type { ContextId } from '../context/context-id.js';
import { exportRead } from '../routing/read-kinds.js';
import type { ReadRouter } from '../routing/read-router.js';
import type { ExportPage } from './export-page.js';
import type { RangeOptions } from './page-options.js';

/**
 * NDJSON of a range that ends where the log ended at the call. Every piece is read when it is asked for, so
 * a slow reader costs nothing but time; it may come from another replica than the one before.
 * @throws StoreError `context_not_found`, `invalid_range`, `unavailable`
 */
export async function exportLines(
  reads: ReadRouter,
  id: ContextId,
  { fromSeq, toSeq }: RangeOptions,
  deadlineMs: number,
): Promise<AsyncIterable<Uint8Array>> {
  const range = { ...(fromSeq !== undefined && { fromSeq }), ...(toSeq !== undefined && { toSeq }) };
  const first = await reads.read(exportRead, id, { life: null, ...range }, deadlineMs);
  return pieces(first, (next) => reads.read(exportRead, id, next, deadlineMs));
}

async function* pieces(
  first: ExportPage,
  read: (next: NonNullable<ExportPage['next']>) => Promise<ExportPage>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let page = first;
  for (;;) {
    if (page.lines.length > 0) yield page.lines;
    if (page.next === null) return;
    page = await read(page.next);
  }
}
