import type { PageOptions, RangeOptions } from '@fastpaca/context-store';
import type { MessagesQuery } from '@fastpaca/protocol';

/** What one page of the log is asked for with. */
export function pageOf(query: MessagesQuery): PageOptions {
  return {
    ...(query.from_seq === undefined ? {} : { fromSeq: query.from_seq }),
    ...(query.to_seq === undefined ? {} : { toSeq: query.to_seq }),
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    ...(query.limit === undefined ? {} : { limit: query.limit }),
  };
}

/** The whole range for a stream: a cursor begins it, a limit does not end it. */
export function exportRange(query: MessagesQuery): RangeOptions {
  const fromSeq =
    query.cursor === undefined ? query.from_seq : Math.max(query.cursor + 1, query.from_seq ?? 1);
  return {
    ...(fromSeq === undefined ? {} : { fromSeq }),
    ...(query.to_seq === undefined ? {} : { toSeq: query.to_seq }),
  };
}
