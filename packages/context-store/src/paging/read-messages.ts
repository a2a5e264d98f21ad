import { integer, pageLimit } from '../checks.js';
import type { ContextId } from '../context/context-id.js';
import type { ContextRecord } from '../context/context-record.js';
import { recordOf } from '../context/find-context.js';
import { StoreError } from '../store-error.js';
import type { MessagePage, PageOptions, TailOptions } from './page-options.js';
import { erasedMeanwhile, readLog, type LogSource, type SeqSpan } from './read-log.js';

/** Bytes of one page. A forward page ends early, with a cursor; a tail page has none, and is refused. */
const maximumPageBytes = 64 << 20;
const exportPieceBytes = 256 << 10;
const newline = Buffer.from('\n');

/** The newest messages, chronological. Empty only past the beginning of the history. */
export async function readTail(
  source: LogSource,
  id: ContextId,
  options: TailOptions,
): Promise<readonly Uint8Array[]> {
  const limit = pageLimit(options.limit);
  const offset = integer(options.offset ?? 0, 0, 'invalid_range', 'offset');
  const { lastSeq } = recordOf(source.machine, id);
  const to = lastSeq - offset;
  const span = { from: Math.max(1, to - limit + 1), to };
  const messages = await readSpan(source, id, span);
  if (messages.length <= span.to - span.from) {
    throw new StoreError(
      'page_too_large',
      `The ${limit} messages have more than ${maximumPageBytes} bytes. Ask for fewer, or stream them as NDJSON.`,
    );
  }
  return messages;
}

export async function readPage(source: LogSource, id: ContextId, options: PageOptions): Promise<MessagePage> {
  const limit = pageLimit(options.limit);
  const all = spanOf(recordOf(source.machine, id), options);
  const span = { from: all.from, to: Math.min(all.to, all.from + limit - 1) };
  const messages = await readSpan(source, id, span);
  const last = span.from + messages.length - 1;
  return { messages, nextCursor: messages.length > 0 && last < all.to ? last : null };
}

/** NDJSON of a span, as far as one piece of an export goes. Returns the last seq in it. */
export async function readLines(
  source: LogSource,
  id: ContextId,
  ordinal: number,
  span: SeqSpan,
): Promise<{ readonly lines: Uint8Array; readonly last: number }> {
  const lines: Uint8Array[] = [];
  const last = await readLog(source, id, ordinal, span, exportPieceBytes, (json) => {
    lines.push(json, newline);
  });
  if (last < span.from) throw erasedMeanwhile(id);
  return { lines: Buffer.concat(lines), last };
}

/** As many messages of the span as one page may have, from its beginning, in memory or on disk. */
async function readSpan(source: LogSource, id: ContextId, span: SeqSpan): Promise<readonly Uint8Array[]> {
  if (span.to < span.from) return [];
  const cached = source.machine.load(id);
  if (cached !== undefined && cached.run.fromSeq <= span.from && cached.run.nextSeq > span.to) {
    return cached.run
      .since(span.from)
      .slice(0, span.to - span.from + 1)
      .map(({ json }) => json);
  }
  const { ordinal } = recordOf(source.machine, id);
  const messages: Uint8Array[] = [];
  const last = await readLog(source, id, ordinal, span, maximumPageBytes, (json) => {
    messages.push(json);
  });
  // What came before the erase is no page, and short of the end it is not for its bytes.
  if (last < span.to && source.machine.context(id)?.record.ordinal !== ordinal) throw erasedMeanwhile(id);
  return messages;
}

export function spanOf({ lastSeq }: ContextRecord, options: PageOptions): SeqSpan {
  const { fromSeq, cursor } = options;
  const to = integer(options.toSeq ?? lastSeq, 0, 'invalid_range', 'to_seq');
  const first = integer(fromSeq ?? 1, Number.MIN_SAFE_INTEGER, 'invalid_range', 'from_seq');
  const after = integer(cursor ?? 0, 0, 'invalid_cursor', 'cursor');
  // Once there is a cursor, the end that a negative `from_seq` counts from may have moved on.
  const from = first < 0 ? (cursor === undefined ? lastSeq + first + 1 : 1) : first;
  return { from: Math.max(1, from, after + 1), to: Math.min(to, lastSeq) };
}
