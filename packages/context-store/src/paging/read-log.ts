import { archiveIncomplete, archiveOff, type ArchiveReader } from '../archive/archive-reader.js';
import type { ContextId } from '../context/context-id.js';
import type { ContextRecord } from '../context/context-record.js';
import { messageJson } from '../message/message-json.js';
import { bodyOf } from '../message/stored-message.js';
import type { GroupMachine } from '../state/group-machine.js';
import { messageRange, numberOfKey } from '../state/keys.js';
import { StoreError } from '../store-error.js';

export interface SeqSpan {
  readonly from: number;
  readonly to: number;
}

/** Where the log of a context is: its newest part here, what was trimmed in the archive. */
export interface LogSource {
  readonly machine: GroupMachine;
  /** Null: this node has no archive. */
  readonly archive: ArchiveReader | null;
}

/**
 * Reads a span of one life of a context in order, as far as `maximumBytes` allow, and hands out the JSON
 * of each message. Returns the last seq that it gave: `span.from - 1` where the context was erased.
 *
 * @throws StoreError `archive_unavailable`, `archive_incomplete`; what was given before stays valid.
 */
export async function readLog(
  source: LogSource,
  id: ContextId,
  ordinal: number,
  span: SeqSpan,
  maximumBytes: number,
  give: (json: Uint8Array) => void,
): Promise<number> {
  const page = new Page(span.from, maximumBytes, give);
  while (page.next <= span.to && !page.full) {
    // While the last part was read, more may have been trimmed, or all of it erased.
    const record = source.machine.context(id)?.record;
    if (record?.ordinal !== ordinal) break;
    const { localFrom } = record.archive;
    if (page.next >= localFrom) await readLocal(source.machine, id, ordinal, page, span.to);
    else await readArchived(source, id, record, page, Math.min(span.to, localFrom - 1));
  }
  return page.next - 1;
}

/** What was given so far, and whether more fits. */
class Page {
  next: number;
  full = false;
  #bytes = 0;
  readonly #maximumBytes: number;
  readonly #give: (json: Uint8Array) => void;

  constructor(from: number, maximumBytes: number, give: (json: Uint8Array) => void) {
    this.next = from;
    this.#maximumBytes = maximumBytes;
    this.#give = give;
  }

  /** Bytes that still fit; the first message always does. */
  get room(): number {
    return Math.max(1, this.#maximumBytes - this.#bytes);
  }

  add(bytes: number, json: () => Uint8Array): void {
    this.full = this.#bytes > 0 && this.#bytes + bytes > this.#maximumBytes;
    if (this.full) return;
    this.#give(json());
    this.#bytes += bytes;
    this.next += 1;
  }
}

async function readLocal(
  machine: GroupMachine,
  id: ContextId,
  ordinal: number,
  page: Page,
  to: number,
): Promise<void> {
  const from = page.next;
  // The state as of the caller's look at the record: the walk begins before anything else can happen.
  for await (const [key, stored] of machine.space.range(messageRange(ordinal, from, to))) {
    const seq = numberOfKey(key);
    if (seq !== page.next) break;
    page.add(stored.length, () => messageJson(seq, bodyOf(stored)));
    if (page.full) return;
  }
  if (page.next <= to && machine.context(id)?.record.ordinal === ordinal) {
    throw new Error(`Context ${id} misses message ${page.next}: the key space is damaged.`);
  }
}

async function readArchived(
  { machine, archive }: LogSource,
  id: ContextId,
  { ordinal, createdAt, archive: { localFrom } }: ContextRecord,
  page: Page,
  to: number,
): Promise<void> {
  if (archive === null) throw archiveOff(id, localFrom);
  const fromSeq = page.next;
  const range = { fromSeq, toSeq: to, maxBytes: page.room };
  const bodies = await archive.read(id, { ordinal, createdAt }, range);
  for (const body of bodies) {
    page.add(body.length, () => body);
    if (page.full) return;
  }
  if (page.next > fromSeq || machine.context(id)?.record.ordinal !== ordinal) return;
  throw archiveIncomplete(id, fromSeq);
}

/** What a reader of several pages is told when it finds nothing where something was. */
export const erasedMeanwhile = (id: ContextId): StoreError =>
  new StoreError('context_not_found', `Context ${id} was erased while it was read.`);
