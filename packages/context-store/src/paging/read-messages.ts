import { integer, pageLimit } from '../checks.js';
import type { ContextId } from '../context/context-id.js';
import type { ContextRecord } from '../context/context-record.js';
import { messageJson } from '../message/message-json.js';
import { bodyOf } from '../message/stored-message.js';
import type { GroupMachine } from '../state/group-machine.js';
import { messageRange, numberOfKey } from '../state/keys.js';
import { StoreError } from '../store-error.js';
import { recordOf } from '../context/find-context.js';
import type { MessagePage, PageOptions, RangeOptions, TailOptions } from './page-options.js';

/** Bytes of one page. A forward page ends early, with a cursor; a tail page has none, and is refused. */
const maximumPageBytes = 64 << 20;
const exportChunkBytes = 256 << 10;
const newline = Buffer.from('\n');

interface SeqSpan {
  readonly from: number;
  readonly to: number;
}

/** The newest messages, chronological. Empty only past the beginning of the history. */
export async function readTail(
  machine: GroupMachine,
  id: ContextId,
  options: TailOptions,
): Promise<readonly Uint8Array[]> {
  const limit = pageLimit(options.limit);
  const offset = integer(options.offset ?? 0, 0, 'invalid_range', 'offset');
  const { lastSeq } = recordOf(machine, id);
  const to = lastSeq - offset;
  const span = { from: Math.max(1, to - limit + 1), to };
  const messages = await readSpan(machine, id, span);
  if (messages.length <= span.to - span.from) {
    throw new StoreError(
      'page_too_large',
      `The ${limit} messages have more than ${maximumPageBytes} bytes. Ask for fewer, or stream them as NDJSON.`,
    );
  }
  return messages;
}

export async function readPage(
  machine: GroupMachine,
  id: ContextId,
  options: PageOptions,
): Promise<MessagePage> {
  const limit = pageLimit(options.limit);
  const all = spanOf(recordOf(machine, id), options);
  const span = { from: all.from, to: Math.min(all.to, all.from + limit - 1) };
  const messages = await readSpan(machine, id, span);
  const last = span.from + messages.length - 1;
  return { messages, nextCursor: messages.length > 0 && last < all.to ? last : null };
}

/**
 * NDJSON of a range that ends where the log ended at the call. Every chunk is read when it is asked
 * for, so a slow reader costs nothing but time; no view of the store is held in between.
 */
export function exportMessages(
  machine: GroupMachine,
  id: ContextId,
  options: RangeOptions,
): AsyncIterable<Uint8Array> {
  const record = recordOf(machine, id);
  return ndjson(machine, id, record.ordinal, spanOf(record, options));
}

async function* ndjson(
  machine: GroupMachine,
  id: ContextId,
  ordinal: number,
  span: SeqSpan,
): AsyncGenerator<Uint8Array, void, undefined> {
  let next = span.from;
  while (next <= span.to) {
    const lines: Uint8Array[] = [];
    const last = await readBodies(
      machine,
      ordinal,
      { from: next, to: span.to },
      exportChunkBytes,
      (seq, body) => {
        lines.push(messageJson(seq, body), newline);
      },
    );
    if (last < next) throw erasedMeanwhile(machine, id, ordinal);
    yield Buffer.concat(lines);
    next = last + 1;
  }
}

/** As many messages of the span as one page may have, from its beginning, in memory or on disk. */
async function readSpan(machine: GroupMachine, id: ContextId, span: SeqSpan): Promise<readonly Uint8Array[]> {
  if (span.to < span.from) return [];
  const cached = machine.load(id);
  if (cached !== undefined && cached.run.fromSeq <= span.from && cached.run.nextSeq > span.to) {
    return cached.run
      .since(span.from)
      .slice(0, span.to - span.from + 1)
      .map(({ json }) => json);
  }
  const { ordinal } = recordOf(machine, id);
  const messages: Uint8Array[] = [];
  const last = await readBodies(machine, ordinal, span, maximumPageBytes, (seq, body) => {
    messages.push(messageJson(seq, body));
  });
  if (last < span.from) throw erasedMeanwhile(machine, id, ordinal);
  return messages;
}

/** Reads on until the span ends or `maximumBytes` are passed. Returns the last seq that it gave. */
export async function readBodies(
  machine: GroupMachine,
  ordinal: number,
  span: SeqSpan,
  maximumBytes: number,
  give: (seq: number, body: Uint8Array) => void,
): Promise<number> {
  let next = span.from;
  let bytes = 0;
  for await (const [key, stored] of machine.space.range(messageRange(ordinal, span.from, span.to))) {
    const seq = numberOfKey(key);
    // An erase that came in between has left a part of the range, or nothing.
    if (seq !== next) break;
    if (bytes > 0 && bytes + stored.length > maximumBytes) break;
    give(seq, bodyOf(stored));
    bytes += stored.length;
    next += 1;
  }
  return next - 1;
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

function erasedMeanwhile(machine: GroupMachine, id: ContextId, ordinal: number): Error {
  if (machine.load(id)?.context.record.ordinal !== ordinal) {
    return new StoreError('context_not_found', `Context ${id} was erased while it was read.`);
  }
  return new Error(`Context ${id} misses messages: the key space is damaged.`);
}
