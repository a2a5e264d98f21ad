import type { ArchiveRow } from '../archive-row.js';
import type { Acknowledgement, ArchiveSource, PendingContext } from '../archive-source.js';
import { acknowledgeable } from '../plan/acknowledgeable.js';
import { allot, backlogOf, nextBatch, type Allotment, type Candidate } from '../plan/allot.js';
import { keyOf, type Parking } from '../plan/parking.js';
import { PendingTally, type PendingSummary } from '../plan/pending-tally.js';
import { withDeadline } from './deadline.js';
import { failing, toFailure, type RoundFailure } from './failure.js';
import type { ArchiverSettings } from './options.js';
import { PendingPages } from './pending-pages.js';
import { readBatch, type Batch, type BatchPart } from './read-batch.js';
import type { Slots } from './slots.js';

export interface RoundResult {
  /** Null where the pass did not come to its end. */
  readonly pending: PendingSummary | null;
  /** Something is left that another round could archive at once. */
  readonly behind: boolean;
  /** Rows of its last batches, for which there was no rest yet. */
  readonly unrested: number;
  readonly failure: RoundFailure | null;
}

/**
 * Batches that are shared out together. With one alone a context would get a few rows of each, and an
 * acknowledgement of its own for them; and no batch could be read while another is written.
 */
const batchesAtOnce = 4;

/**
 * One pass over everything that waits: every context gets its part of a few batches. While one batch is
 * written the next is read. After a failure nothing more is written; the pass still ends, to count what
 * waits.
 */
export class Round {
  readonly #settings: ArchiverSettings;
  readonly #parking: Parking;
  readonly #writes: Slots;
  readonly #stop: AbortSignal;
  readonly #source: Pick<ArchiveSource, 'pending' | 'read' | 'acknowledge'>;
  readonly #tally = new PendingTally();
  readonly #underWay = new Set<Promise<void>>();
  readonly #metParked = new Set<string>();
  /** Contexts that have no part yet, and the parts that were not read yet. */
  #queue: readonly Candidate[] = [];
  #allotted: readonly Allotment[] = [];
  #failure: RoundFailure | null = null;
  #unrested = 0;
  #moved = false;
  #left = false;

  constructor(settings: ArchiverSettings, parking: Parking, writes: Slots, stop: AbortSignal) {
    this.#settings = settings;
    this.#parking = parking;
    this.#writes = writes;
    this.#stop = stop;
    this.#source = boundedSource(settings.source, settings.sourceTimeoutMs);
  }

  async run(): Promise<RoundResult> {
    const pages = new PendingPages(this.#source.pending, this.#settings.batchRows);
    try {
      while (!this.#stop.aborted) {
        if (this.#allotted.length === 0) await this.#shareOut(pages);
        if (this.#allotted.length === 0) break;
        await this.#rest();
        if (this.#stop.aborted) break;
        if (this.#failure === null) await this.#nextBatch();
        else this.#countLeft();
      }
    } catch (error) {
      this.#fail(error);
    }
    await Promise.all(this.#underWay);
    if (pages.ended && this.#failure === null) this.#parking.keepOnly(this.#metParked);
    const behind = this.#failure === null && this.#moved && this.#left;
    const complete = pages.ended && this.#queue.length === 0 && this.#allotted.length === 0;
    return {
      pending: complete ? this.#tally.summary() : null,
      behind,
      unrested: this.#unrested,
      failure: this.#failure,
    };
  }

  async #shareOut(pages: PendingPages): Promise<void> {
    const { batchRows } = this.#settings;
    const { allotments, left } = allot(await this.#gather(pages), batchRows, batchesAtOnce);
    this.#allotted = allotments;
    this.#queue = left;
  }

  /** Takes pages until there is work for a few batches, or a context for each row of one. */
  async #gather(pages: PendingPages): Promise<readonly Candidate[]> {
    const { batchRows } = this.#settings;
    const candidates = [...this.#queue];
    let backlog = candidates.reduce((sum, each) => sum + backlogOf(each), 0);
    while (!pages.ended && backlog < batchRows * batchesAtOnce && candidates.length < batchRows) {
      for (const context of await pages.next()) {
        const candidate = this.#candidate(context);
        if (candidate === null) continue;
        candidates.push(candidate);
        backlog += backlogOf(candidate);
      }
    }
    return candidates;
  }

  #candidate(context: PendingContext): Candidate | null {
    if (this.#parking.has(context)) this.#metParked.add(keyOf(context));
    const toSeq = this.#parking.readableTo(context, performance.now());
    if (toSeq > context.archivedSeq) return { context, toSeq };
    this.#tally.add(context);
    return null;
  }

  #countLeft(): void {
    for (const { context } of [...this.#allotted, ...this.#queue]) this.#tally.add(context);
    this.#allotted = [];
    this.#queue = [];
  }

  async #nextBatch(): Promise<void> {
    const { batchRows, batchBytes } = this.#settings;
    const { batch: allotments, others } = nextBatch(this.#allotted, batchRows);
    const batch = await readBatch(this.#source.read, allotments, batchBytes);
    this.#allotted = [...batch.unread, ...others];
    if (batch.rows === 0) return;
    if (!(await this.#slotFree())) {
      this.#count(batch, new Map());
      return;
    }
    const written = this.#write(batch).catch((error: unknown) => {
      this.#fail(error);
    });
    this.#underWay.add(written);
    void written.then(() => this.#underWay.delete(written));
  }

  async #rest(): Promise<void> {
    const rows = this.#unrested;
    this.#unrested = 0;
    if (rows > 0 && this.#failure === null) await this.#settings.rest({ rows }, this.#stop);
  }

  /** A write that does not end keeps its slot: then this wait is what fails, and nothing piles up. */
  async #slotFree(): Promise<boolean> {
    const { adapterTimeoutMs } = this.#settings;
    try {
      await withDeadline(this.#writes.free(), adapterTimeoutMs, 'A write to the archive');
    } catch (error) {
      this.#fail(error);
    }
    return this.#failure === null;
  }

  async #write(batch: Batch): Promise<void> {
    let taken: ReadonlyMap<string, number> = new Map();
    try {
      const refused = await this.#writeRows(batch);
      taken = await this.#acknowledge(batch, refused);
      this.#unrested += batch.rows;
    } finally {
      this.#count(batch, taken);
    }
  }

  /** @returns The first row of each context that was refused. */
  async #writeRows(batch: Batch): Promise<ReadonlyMap<string, ArchiveRow>> {
    const { adapter, adapterTimeoutMs, observer, random } = this.#settings;
    const rows = batch.parts.flatMap((part) => part.rows);
    observer.onAttempt?.({ rows: batch.rows, bytes: batch.bytes });
    const begun = performance.now();
    const writing = this.#writes.run(() => adapter.write(rows));
    const outcome = await failing(
      'archive',
      withDeadline(writing, adapterTimeoutMs, 'A write to the archive'),
    );
    const now = performance.now();
    observer.onWritten?.({ rows: outcome.inserted, bytes: outcome.insertedBytes, durationMs: now - begun });
    const first = new Map<string, (typeof outcome.refused)[number]>();
    for (const refused of outcome.refused) {
      const key = keyOf(refused.row);
      if (refused.row.seq < (first.get(key)?.row.seq ?? Infinity)) first.set(key, refused);
    }
    for (const [key, { row, reason }] of first) {
      this.#metParked.add(key);
      const { parked, known } = this.#parking.park(row, reason, now, random());
      observer.onRefused?.(parked, !known);
    }
    return new Map([...first].map(([key, { row }]) => [key, row]));
  }

  async #acknowledge(
    batch: Batch,
    refused: ReadonlyMap<string, ArchiveRow>,
  ): Promise<ReadonlyMap<string, number>> {
    const acknowledgements: Acknowledgement[] = [];
    for (const { context, rows } of batch.parts) {
      const acknowledgement = acknowledgeable(context, rows, refused.get(keyOf(context))?.seq ?? null);
      if (acknowledgement !== null) acknowledgements.push(acknowledgement);
    }
    if (acknowledgements.length === 0) return new Map();
    const taken = await this.#source.acknowledge(acknowledgements);
    for (const each of taken) this.#parking.archived(each);
    if (taken.length > 0) this.#moved = true;
    return new Map(taken.map((each) => [keyOf(each), each.seq]));
  }

  #count(batch: Batch, taken: ReadonlyMap<string, number>): void {
    for (const part of batch.parts) {
      const archived = taken.get(keyOf(part.context));
      this.#tally.add(part.context, archived, oldestAfter(part, archived));
      const readable = this.#parking.readableTo(part.context, performance.now());
      if (readable > (archived ?? part.context.archivedSeq)) this.#left = true;
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= toFailure('archive', error);
  }
}

/** The age of what is left: known for the first row; after some were archived, that of the last of them. */
function oldestAfter({ context, rows }: BatchPart, archived: number | undefined): number | undefined {
  if (archived === undefined) return context.pendingSince ?? rows[0]?.insertedAt;
  return rows.find(({ seq }) => seq === archived)?.insertedAt;
}

/** Every call ends by the deadline, and its errors say that they are the source's. */
function boundedSource(
  source: ArchiveSource,
  timeoutMs: number,
): Pick<ArchiveSource, 'pending' | 'read' | 'acknowledge'> {
  const bounded = <T>(work: Promise<T>, what: string): Promise<T> =>
    failing('source', withDeadline(work, timeoutMs, what));
  return {
    pending: (options) => bounded(source.pending(options), 'Listing what is to be archived'),
    read: (context, range) => bounded(source.read(context, range), 'Reading messages to archive'),
    acknowledge: (acknowledgements) =>
      bounded(source.acknowledge(acknowledgements), 'Acknowledging what is archived'),
  };
}
