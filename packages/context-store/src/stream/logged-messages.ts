import type { ContextId } from '../context/context-id.js';
import { readLog, type LogSource } from '../paging/read-log.js';
import { StoreError } from '../store-error.js';

/** Bytes of messages in one page. One message is never too large. */
const maximumBytes = 256 << 10;

/** A run of the log, from its first message on as far as a page goes. */
export interface LoggedMessages {
  readonly fromSeq: number;
  /** Complete JSON of each. */
  readonly bodies: readonly Uint8Array[];
}

/**
 * `missing` where nothing has the first message of a range that is not empty: the context was erased
 * meanwhile, or it was trimmed and there is no archive, or the archive has lost it.
 * @throws StoreError `archive_unavailable`
 */
export async function readLogged(
  source: LogSource,
  id: ContextId,
  ordinal: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<LoggedMessages | 'missing'> {
  if (to < from) return { fromSeq: from, bodies: [] };
  const bodies: Uint8Array[] = [];
  const cached = source.machine.load(id);
  // The caller has awaited since it looked: the id may have another life by now.
  const run = cached?.context.record.ordinal === ordinal ? cached.run : undefined;
  if (run !== undefined && run.fromSeq <= from && run.nextSeq > from) {
    let bytes = 0;
    for (let seq = from; seq <= to; seq += 1) {
      const json = run.at(seq)?.json;
      if (json === undefined || (bytes > 0 && bytes + json.length > maximumBytes)) break;
      bytes += json.length;
      bodies.push(json);
    }
    return { fromSeq: from, bodies };
  }
  try {
    const last = await readLog(source, id, ordinal, { from, to }, maximumBytes, (json) => {
      bodies.push(json);
    });
    return last < from ? 'missing' : { fromSeq: from, bodies };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // What was read before the archive failed is good; the next page meets the failure again.
    if (bodies.length > 0) return { fromSeq: from, bodies };
    if (error.code === 'archive_incomplete' || source.archive === null) return 'missing';
    throw error;
  }
}
