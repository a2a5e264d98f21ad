import type { ArchiveAdapter, ArchiveRow } from '@fastpaca/archiver';

import type { ContextId } from '../context/context-id.js';
import { StoreError } from '../store-error.js';
import { withinDeadline } from '../within-deadline.js';
import { lifeName, type Life } from './life.js';

/** Reads that are under way at once, of all callers. Each may hold a page in memory. */
const maximumReads = 64;

export interface ArchiveRange {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Bytes of messages; one message is never too large. */
  readonly maxBytes: number;
}

/** Reads of what was trimmed here. */
export class ArchiveReader {
  readonly #adapter: Pick<ArchiveAdapter, 'read'>;
  readonly #deadlineMs: number;
  #reads = 0;

  constructor(adapter: Pick<ArchiveAdapter, 'read'>, deadlineMs: number) {
    this.#adapter = adapter;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * The JSON of messages from `fromSeq` on, without a hole, as many as the bytes allow. Empty where the
   * archive does not have the first one.
   * @throws StoreError `archive_unavailable`
   */
  async read(id: ContextId, life: Life, range: ArchiveRange): Promise<readonly Uint8Array[]> {
    if (this.#reads >= maximumReads) throw unavailable('Too many reads of the archive wait on this node.');
    const rows = await inTime(this.#ask(id, life, range), this.#deadlineMs);
    checkRows(rows, id, range);
    return rows.map(({ body }) => body);
  }

  /** Counted until the adapter is done, and not only as long as its caller waits. */
  async #ask(id: ContextId, life: Life, range: ArchiveRange): Promise<readonly ArchiveRow[]> {
    this.#reads += 1;
    try {
      return await this.#adapter.read({ contextId: id, life: lifeName(life) }, range);
    } finally {
      this.#reads -= 1;
    }
  }

  /**
   * The first message from `fromSeq` to `toSeq` that the archive has; `toSeq + 1` for none. The oldest
   * rows go first where a user deletes some, so a few probes find it.
   * @throws StoreError `archive_unavailable`
   */
  async firstHeld(id: ContextId, life: Life, fromSeq: number, toSeq: number): Promise<number> {
    let low = fromSeq;
    let high = toSeq + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.read(id, life, { fromSeq: middle, toSeq: middle, maxBytes: 1 });
      if (found.length > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The adapter may wait for a database that never answers; whoever reads does not. */
async function inTime<T>(reading: Promise<T>, deadlineMs: number): Promise<T> {
  try {
    const late = () => unavailable(`The archive did not answer in ${deadlineMs} ms.`);
    return (await withinDeadline(reading, deadlineMs, late)).value;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw unavailable('The archive cannot be read now.', error);
  }
}

function checkRows(rows: readonly ArchiveRow[], id: ContextId, { fromSeq, toSeq }: ArchiveRange): void {
  for (const [index, { seq }] of rows.entries()) {
    if (seq === fromSeq + index && seq <= toSeq) continue;
    throw new Error(`The archive answered message ${seq} of ${id} for ${fromSeq + index}.`);
  }
}

export const archiveOff = (id: ContextId, localFrom: number): StoreError =>
  unavailable(
    `Messages of ${id} before ${localFrom} are in the archive, and this node has none. Turn the archiver on.`,
  );

export const archiveIncomplete = (id: ContextId, seq: number): StoreError =>
  new StoreError(
    'archive_incomplete',
    `Message ${seq} of ${id} was archived, and the archive does not have it any more. Read from a later one, or restore it.`,
  );

const unavailable = (message: string, cause?: unknown): StoreError =>
  new StoreError('archive_unavailable', message, { cause });
