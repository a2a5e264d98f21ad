import type { GroupLog } from '../log/group-log.js';
import { getU48 } from '../layout/bytes.js';
import { entryKeyBytes, purgeKey, putEntryKey } from '../layout/keys.js';
import { everything } from '../key-space/purge.js';
import type { Purge } from '../key-space/purge.js';
import type { Db, DbBatch } from './db.js';

/** Keys of one step of a purge: each is looked up once more when it goes. */
const chunkKeys = 128;
/** Compacted entries that a batch deletes at least, and per entry that it appends. */
const entriesPerBatch = 128;
const entriesPerAppend = 2;
/** LevelDB walks over deletion marks: after so many keys the range is compacted. */
const compactAfterKeys = 50_000;

export interface ReclaimerHost {
  readonly db: Db;
  failed(cause: unknown): void;
  purged(purge: Purge): void;
}

interface Step {
  readonly purge: Purge;
  readonly keys: readonly Uint8Array[];
  /** No key of the purge is left after these. */
  readonly last: boolean;
}

/**
 * Deletes what nobody can read any more, a bounded number of keys with each batch: entries of
 * compacted prefixes, and keys that a purge covers. Nothing waits for it, and a crash only delays it.
 */
export class Reclaimer {
  readonly #host: ReclaimerHost;
  readonly #logs = new Set<GroupLog>();
  readonly #key = Buffer.allocUnsafe(entryKeyBytes);
  #purges: Purge[] = [];
  readonly #cursors = new Map<Purge, Uint8Array>();
  readonly #counts = new Map<Purge, number>();
  #steps: readonly Step[] = [];
  #collecting: Promise<void> | null = null;
  #compacting: Promise<void> | null = null;
  #finished: readonly Purge[] = [];

  constructor(host: ReclaimerHost) {
    this.#host = host;
  }

  get pending(): boolean {
    return this.#logs.size > 0 || this.#purges.length > 0;
  }

  /** A purge whose record is durable. */
  addPurge(purge: Purge): void {
    this.#purges.push(purge);
  }

  has(purge: Purge): boolean {
    return this.#purges.includes(purge);
  }

  addLog(log: GroupLog): void {
    if (log.garbage > 0) this.#logs.add(log);
  }

  dropLog(log: GroupLog): void {
    if (this.#logs.size > 0) this.#logs.delete(log);
  }

  /**
   * Adds deletions to a batch, before what it puts: a key may be put anew in the same batch. Nothing
   * else may be in flight. Returns how many; `appended`: entries that the batch brings.
   */
  take(batch: DbBatch, appended: number): number {
    return this.#takeEntries(batch, entriesPerBatch + appended * entriesPerAppend) + this.#takeSteps(batch);
  }

  #takeEntries(batch: DbBatch, budget: number): number {
    let taken = 0;
    for (const log of this.#logs) {
      const end = Math.min(log.compacted + 1, log.entriesFrom + budget - taken);
      for (let index = log.entriesFrom; index < end; index += 1) {
        // The batch copies it.
        putEntryKey(this.#key, 0, log.group, index);
        batch.del(this.#key);
      }
      taken += end - log.entriesFrom;
      log.reclaimed(end);
      this.#logs.delete(log);
      // Back to the end of the line, so that one long log does not hold up the others.
      if (log.garbage > 0) this.#logs.add(log);
      if (taken >= budget) break;
    }
    return taken;
  }

  #takeSteps(batch: DbBatch): number {
    let taken = 0;
    const finished: Purge[] = [];
    for (const step of this.#steps) {
      for (const key of step.keys) {
        if (!this.#isCovered(step.purge, key)) continue;
        batch.del(key);
        taken += 1;
      }
      this.#counts.set(step.purge, (this.#counts.get(step.purge) ?? 0) + step.keys.length);
      if (!step.last) continue;
      batch.del(purgeKey(step.purge.group, step.purge.id));
      taken += 1;
      finished.push(step.purge);
    }
    this.#steps = [];
    this.#finished = finished;
    return taken;
  }

  /** The key may have been put anew since it was collected: only what it holds now tells. */
  #isCovered(purge: Purge, key: Uint8Array): boolean {
    if (purge.before === everything) return true;
    const value = this.#host.db.getSync(key);
    return value !== undefined && getU48(value, 0) < purge.before;
  }

  /** The batch that `take` added to is durable. Collects the keys of the next step. */
  landed(): void {
    for (const purge of this.#finished) this.#finish(purge);
    this.#finished = [];
    if (this.#collecting !== null || this.#steps.length > 0 || this.#purges.length === 0) return;
    this.#collecting = this.#collect(this.#purges)
      .catch((error: unknown) => this.#host.failed(error))
      .finally(() => {
        this.#collecting = null;
      });
  }

  #finish(purge: Purge): void {
    this.#purges = this.#purges.filter((other) => other !== purge);
    this.#cursors.delete(purge);
    this.#host.purged(purge);
    const count = this.#counts.get(purge) ?? 0;
    this.#counts.delete(purge);
    if (count < compactAfterKeys || this.#compacting !== null) return;
    this.#compacting = this.#host.db
      .compactRange(purge.gte, purge.lt)
      .catch((error: unknown) => this.#host.failed(error))
      .finally(() => {
        this.#compacting = null;
      });
  }

  async #collect(due: readonly Purge[]): Promise<void> {
    const steps: Step[] = [];
    let room = chunkKeys;
    for (const purge of due) {
      const cursor = this.#cursors.get(purge);
      const from = cursor === undefined ? { gte: purge.gte } : { gt: cursor };
      const keys = await this.#host.db.keys({ ...from, lt: purge.lt, limit: room, fillCache: false }).all();
      const last = keys.length < room;
      const end = keys.at(-1);
      if (end !== undefined) this.#cursors.set(purge, end);
      steps.push({ purge, keys, last });
      room -= keys.length;
      if (room <= 0) break;
    }
    this.#steps = steps;
  }

  /** Waits for reads that run, so that LevelDB can be closed. */
  async idle(): Promise<void> {
    await this.#collecting;
    await this.#compacting;
  }
}
