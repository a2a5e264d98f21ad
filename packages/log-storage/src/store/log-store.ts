import type { Entry, GroupId, GroupWrite, LogIndex, RaftStorage, StoredGroup } from '@fastpaca/raft-core';
import { LogStorageError } from '../errors.js';
import type { FenceLine } from '../fence/fence-codec.js';
import { FenceFile } from '../fence/fence-file.js';
import { KeySpace } from '../key-space/key-space.js';
import type { SpaceHost } from '../key-space/key-space.js';
import { newSpace } from '../key-space/space-record.js';
import { batchKey, entryBounds } from '../layout/keys.js';
import { GroupLog } from '../log/group-log.js';
import { LogBatch } from '../log/log-batch.js';
import { readEntries } from '../log/read-entries.js';
import { scanStore } from '../log/store-scan.js';
import type { Db, DbBatch } from './db.js';
import { openStore } from './open-store.js';
import type { OpenedStore } from './open-store.js';
import type { LogStoreOptions, StagedDelay } from './options.js';
import { Reclaimer } from './reclaimer.js';
import { StagedSpaces } from './staged-spaces.js';
import { encodeBatchSeq, formatVersion } from './store-header.js';

const defaultStagedBytes = 64 << 20;
const noDelay: StagedDelay = { ms: 0, bytes: 0 };
/** With nothing to write, what waits for a batch (reclaiming, a restore) gets one of its own so soon. */
const idleBatchMs = 5;
/** Reclaiming alone waits for a pause in the host's writes, so as not to stand in the way of the next. */
const pauseMs = 50;

/** A batch on its way to the disk. */
interface InFlight {
  readonly batch: DbBatch;
  readonly seq: number;
  readonly ops: number;
  readonly bytes: number;
  readonly begun: number;
  readonly logs: readonly GroupLog[];
  readonly spaces: readonly KeySpace[];
}

/**
 * Raft logs, hard state and the key spaces of state machines, for many groups in one LevelDB.
 *
 * Every write is one LevelDB batch, with what is staged (see `stagedDelay`), synced. Exactly one is in flight:
 * concurrent synced batches would each hold a thread of libuv's pool. The first error of any kind
 * latches the store, since LevelDB, after one failed append, goes on acknowledging writes into a log
 * that it cannot read again: 61 of 61 writes acknowledged after a full disk were gone at reopen.
 *
 * ```ts
 * const store = await LogStore.open('./data');
 * const groups = await store.open();
 * await store.write([{ group: groupId(1), meta, append: entries }]);
 * ```
 */
export class LogStore implements RaftStorage {
  readonly directory: string;
  readonly #options: LogStoreOptions;
  readonly #opened: OpenedStore;
  readonly #db: Db;
  readonly #reclaimer: Reclaimer;
  readonly #logs = new Map<GroupId, GroupLog>();
  readonly #spaces = new Map<GroupId, KeySpace>();
  readonly #staged: StagedSpaces;
  /** Key spaces that somebody waits for. */
  readonly #waited = new Set<KeySpace>();
  readonly #spaceHost: SpaceHost;
  #fence: FenceFile | null = null;
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new';
  #failure: LogStorageError | null = null;
  /** The last batch that was begun. */
  #seq: number;
  #nextPurgeId: number;
  #writing = false;
  #writtenAt = 0;
  #inFlight: { readonly seq: number; readonly settled: Promise<void> } | null = null;
  #idleTimer: NodeJS.Timeout | null = null;

  private constructor(directory: string, options: LogStoreOptions, opened: OpenedStore) {
    this.directory = directory;
    this.#options = options;
    this.#staged = new StagedSpaces(options.stagedDelay ?? noDelay);
    this.#opened = opened;
    this.#db = opened.db;
    this.#seq = opened.seq;
    this.#nextPurgeId = opened.purges.reduce((highest, purge) => Math.max(highest, purge.id), 0);
    this.#spaceHost = this.#createSpaceHost();
    this.#reclaimer = new Reclaimer({
      db: this.#db,
      failed: (cause) => void this.#fail('Keys that are to be deleted cannot be read.', cause),
      purged: (purge) => this.#spaces.get(purge.group as GroupId)?.purged(purge),
    });
    for (const purge of opened.purges) this.#reclaimer.addPurge(purge);
  }

  /**
   * Takes the directory and checks it, LevelDB's own log before LevelDB reads it. Key spaces can be
   * read at once; `open()` on the result then reads the groups.
   * @throws LogStorageError `store_locked`, `store_damaged`, `store_version`, `store_failed`
   */
  static async open(directory: string, options: LogStoreOptions = {}): Promise<LogStore> {
    return new LogStore(directory, options, await openStore(directory, options));
  }

  /** The error that latched the store, for whoever comes later than `onFailure`. */
  get failure(): LogStorageError | null {
    return this.#failure;
  }

  /** Reads and checks every group. Called once, before `write` and `read`. */
  async open(): Promise<readonly StoredGroup[]> {
    this.#alive();
    if (this.#state !== 'new')
      throw new LogStorageError('store_closed', 'The groups of this store were read already.');
    this.#state = 'opening';
    try {
      const { db, fence } = this.#opened;
      const scanned = await scanStore({ directory: this.directory, db, fence });
      for (const { log } of scanned) {
        this.#logs.set(log.group, log);
        this.#reclaimer.addLog(log);
      }
      this.#fence = await this.#renewFence();
      this.#state = 'open';
      if (this.#reclaimer.pending || this.#waited.size > 0) this.#armIdleBatch();
      return scanned.map(({ stored }) => stored);
    } catch (error) {
      throw this.#fail('The groups cannot be read.', error);
    }
  }

  /** Cuts off a torn end. A damaged group keeps its old bounds, so that it stays damaged. */
  #renewFence(): Promise<FenceFile> {
    const { fencePath: path, fence } = this.#opened;
    const lines = [...this.#logs.values()].flatMap((log): FenceLine[] => {
      if (log.damage === null) return [log];
      const known = fence.groups.get(log.group);
      return known === undefined ? [] : [{ ...known, group: log.group, destroyed: false }];
    });
    const onError = (cause: unknown): void => void this.#fail('The fence file cannot be written.', cause);
    return FenceFile.create(
      { path, version: formatVersion, storeId: fence.storeId, onError },
      this.#seq,
      lines,
    );
  }

  /**
   * Writes one batch, with what was staged `stagedDelay` ago; a write of nothing takes all that is staged.
   * One at a time.
   * @throws LogStorageError `invalid_write`: nothing was written and the store goes on;
   *   `store_failed`: whether the batch survives is unknown, and the store is latched.
   */
  async write(writes: readonly GroupWrite[]): Promise<void> {
    this.#ready();
    if (this.#writing)
      throw new LogStorageError('invalid_write', 'A write is in flight: make one at a time.');
    this.#writing = true;
    try {
      if (this.#inFlight !== null) {
        await this.#inFlight.settled;
        this.#ready();
      }
      const logs = this.#check(writes);
      const damaged = logs.filter((log) => log.damage !== null);
      await this.#commit(writes, logs, damaged.length === 0 ? [] : await this.#keysOf(damaged));
    } finally {
      this.#writing = false;
      this.#writtenAt = performance.now();
    }
  }

  /** The logs that the writes are for, one for each; new ones for groups that are not there yet. */
  #check(writes: readonly GroupWrite[]): readonly GroupLog[] {
    const seen = new Set<GroupId>();
    return writes.map((write) => {
      if (seen.has(write.group))
        throw new LogStorageError('invalid_write', `Group ${write.group} is twice in one batch.`);
      seen.add(write.group);
      const log = this.#logs.get(write.group) ?? new GroupLog(write.group);
      log.check(write);
      return log;
    });
  }

  /** What a damaged group holds is not known in memory; a reset or destroy deletes all of it. */
  async #keysOf(damaged: readonly GroupLog[]): Promise<readonly Uint8Array[]> {
    const keys: Uint8Array[] = [];
    for (const { group } of damaged) {
      try {
        for (const key of await this.#db.keys(entryBounds(group)).all()) keys.push(key);
      } catch (error) {
        throw this.#fail(`The keys of group ${group} cannot be read.`, error);
      }
    }
    return keys;
  }

  #commit(
    writes: readonly GroupWrite[],
    logs: readonly GroupLog[],
    unknown: readonly Uint8Array[],
    staged: 'due' | 'waited' = 'due',
  ): Promise<void> {
    let inFlight: InFlight;
    try {
      inFlight = this.#build(writes, logs, unknown, staged);
    } catch (error) {
      return Promise.reject(this.#fail('A batch cannot be built.', error));
    }
    const done = this.#land(inFlight);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#inFlight = { seq: inFlight.seq, settled };
    return done;
  }

  /** Synchronous: of what a key space has staged the batch has all or nothing. */
  #build(
    writes: readonly GroupWrite[],
    logs: readonly GroupLog[],
    unknown: readonly Uint8Array[],
    staged: 'due' | 'waited',
  ): InFlight {
    const begun = performance.now();
    const seq = this.#seq + 1;
    const batch = this.#db.batch();
    // First in the batch: the check of LevelDB's log finds the sequence there.
    batch.put(batchKey, encodeBatchSeq(seq));
    for (const key of unknown) batch.del(key);
    const logBatch = new LogBatch(batch, writes);
    for (const [at, write] of writes.entries()) {
      const log = logs[at];
      // Left out, it would be acknowledged all the same.
      if (log === undefined) throw new Error(`No log was checked for the write to group ${write.group}.`);
      if (log.touchedIn === 0) this.#logs.set(write.group, log);
      logBatch.add(log, write, seq);
      this.#reclaimer.dropLog(log);
      if (write.destroy === true) {
        this.#logs.delete(write.group);
        this.keySpace(write.group).clear();
      } else this.#reclaimer.addLog(log);
    }
    this.#seq = seq;
    let ops = 1 + unknown.length + logBatch.ops + this.#reclaimer.take(batch, logBatch.appended);
    let { bytes } = logBatch;
    const spaces = staged === 'waited' ? [...this.#waited] : this.#spacesFor(writes);
    for (const space of spaces) {
      bytes += space.stagedBytes;
      this.#staged.taken(space);
      ops += space.takeStaged(batch, seq);
    }
    return { batch, seq, ops, bytes, begun, logs, spaces };
  }

  /** Where a log ends or is replaced, what is staged of the group's keys goes in the same batch: a destroy has just staged their end. */
  #spacesFor(writes: readonly GroupWrite[]): KeySpace[] {
    if (writes.length === 0) return this.#staged.all();
    const also = new Set(this.#waited);
    for (const { group, destroy, reset } of writes) {
      const space = destroy === true || reset === true ? this.#spaces.get(group) : undefined;
      if (space !== undefined) also.add(space);
    }
    return this.#staged.due(also);
  }

  async #land(inFlight: InFlight): Promise<void> {
    const { seq, ops, bytes, begun } = inFlight;
    try {
      await inFlight.batch.write({ sync: true });
    } catch (error) {
      throw this.#fail('A batch cannot be written.', error);
    }
    // A read or the fence may have failed meanwhile; then nothing may be acknowledged any more.
    if (this.#failure !== null) throw this.#failure;
    this.#inFlight = null;
    for (const space of inFlight.spaces) space.landed();
    // As this batch left them: the next is built later.
    this.#fence?.advance(seq, inFlight.logs);
    this.#reclaimer.landed();
    if (this.#reclaimer.pending || this.#waited.size > 0) this.#armIdleBatch();
    this.#options.onWrite?.({ bytes, ops, durationMs: performance.now() - begun });
  }

  /**
   * A batch that nobody asked for takes nothing staged but what somebody waits for: the rest may
   * follow from log entries that are not durable yet, and rides with them.
   */
  #armIdleBatch(): void {
    if (this.#idleTimer !== null) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = null;
      if (this.#state !== 'open' || this.#failure !== null) return;
      for (const space of this.#waited) if (!space.isWaitedFor) this.#waited.delete(space);
      if (!this.#reclaimer.pending && this.#waited.size === 0) return;
      const busy = this.#waited.size === 0 && performance.now() - this.#writtenAt < pauseMs;
      if (busy || this.#writing || this.#inFlight !== null) this.#armIdleBatch();
      else this.#commit([], [], [], 'waited').catch(() => undefined);
    }, idleBatchMs);
    this.#idleTimer.unref();
  }

  #createSpaceHost(): SpaceHost {
    return {
      db: this.#db,
      alive: () => this.#alive(),
      failed: (cause) => this.#fail('A key space cannot be read.', cause),
      admit: (bytes) => this.#admit(bytes),
      staged: (space, bytes) => this.#staged.staged(space, bytes),
      nextPurgeId: () => {
        this.#nextPurgeId += 1;
        return this.#nextPurgeId;
      },
      reclaim: (purge) => this.#reclaimer.addPurge(purge),
      waited: (space) => {
        this.#waited.add(space);
        if (this.#state !== 'open') return;
        this.#armIdleBatch();
        // Somebody waits: the process must not end over it.
        this.#idleTimer?.ref();
      },
    };
  }

  #admit(bytes: number): void {
    const limit = this.#options.maxStagedBytes ?? defaultStagedBytes;
    if (this.#staged.bytes + bytes <= limit) return;
    throw new LogStorageError(
      'staged_full',
      `${this.#staged.bytes} bytes are staged and ${bytes} more pass the limit of ${limit}. ` +
        `Wait for a write, or raise maxStagedBytes.`,
    );
  }

  /** Deleted ranges or compacted entries still take space; it is given back with the next batches. */
  get reclaiming(): boolean {
    return this.#reclaimer.pending;
  }

  stagedBytes(): number {
    return this.#staged.bytes;
  }

  /**
   * Durable entries, both ends included, cut off before `maxBytes` of data are passed but at least
   * one. Waits for the batch in flight where it touches the range.
   * @throws LogStorageError `out_of_range`; `store_failed` where an entry is missing or damaged
   */
  async read(group: GroupId, from: LogIndex, to: LogIndex, maxBytes: number): Promise<readonly Entry[]> {
    for (;;) {
      this.#ready();
      const inFlight = this.#inFlight;
      const log = this.#logs.get(group);
      if (inFlight === null || log?.touchedIn !== inFlight.seq || to < log.touchedFrom) break;
      await inFlight.settled;
    }
    const log = this.#logs.get(group);
    if (log === undefined || log.damage !== null)
      throw new LogStorageError('out_of_range', `Group ${group} has no readable log here.`);
    if (from <= log.compacted)
      throw new LogStorageError(
        'out_of_range',
        `Group ${group}: entry ${from} is compacted; the log starts after ${log.compacted}.`,
      );
    if (to > log.last || from > to)
      throw new LogStorageError(
        'out_of_range',
        `Group ${group}: entries ${from} to ${to} are not there; the log ends at ${log.last}.`,
      );
    try {
      return await readEntries(this.#db, group, from, to, maxBytes);
    } catch (error) {
      throw this.#fail(`Entries ${from} to ${to} of group ${group} cannot be read.`, error);
    }
  }

  /** The keys of one group's state machine. The same object for the same group. */
  keySpace(group: GroupId): KeySpace {
    this.#alive();
    const known = this.#spaces.get(group);
    if (known !== undefined) return known;
    const purges = this.#opened.purges.filter((purge) => purge.group === group && this.#reclaimer.has(purge));
    const record = this.#opened.spaces.get(group) ?? newSpace;
    const space = new KeySpace(group, this.#spaceHost, { record, purges, seq: this.#opened.seq });
    this.#spaces.set(group, space);
    return space;
  }

  /**
   * Waits for the batch in flight and lets go of the directory. What is staged and was not taken by a
   * write is dropped. Safe to call twice, and after a failure.
   */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    await this.#inFlight?.settled;
    await this.#reclaimer.idle();
    this.#rejectWaiters(this.#failure ?? closedError());
    try {
      await this.#fence?.close(this.#failure !== null);
    } finally {
      await this.#db.close();
      await this.#opened.release();
    }
  }

  #rejectWaiters(error: LogStorageError): void {
    for (const space of this.#waited) space.rejectWaiters(error);
  }

  #alive(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#state === 'closed') throw closedError();
  }

  #ready(): void {
    this.#alive();
    if (this.#state !== 'open')
      throw new LogStorageError('store_closed', 'Call open() of the store and await it first.');
  }

  /** Latches the store: the first error is final until the directory is opened anew. */
  #fail(what: string, cause: unknown): LogStorageError {
    if (this.#failure !== null) return this.#failure;
    const detail = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new LogStorageError(
      'store_failed',
      `${what} ${detail} The store in ${this.directory} takes nothing more, since what follows a failed ` +
        `operation could be acknowledged and lost. Remove the cause, then start the process anew.`,
      cause,
    );
    this.#rejectWaiters(this.#failure);
    this.#options.onFailure?.(this.#failure);
    return this.#failure;
  }
}

function closedError(): LogStorageError {
  return new LogStorageError('store_closed', 'The store is closed.');
}
