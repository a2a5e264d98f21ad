import type { GroupId, LogIndex } from '../../ids.js';
import type { Entry } from '../../log/entry.js';
import type { GroupWrite, RaftStorage, StoredGroup } from '../../storage/storage.js';
import { GroupImage } from './group-image.js';

/** What survives a crash: hand it to a new `MemoryStorage` to restart. */
export class MemoryDisk {
  /** @internal */
  readonly images = new Map<GroupId, GroupImage>();
  /** @internal Values that state machines staged and a write has taken. */
  readonly values = new Map<GroupId, Uint8Array>();

  /** From the next open on, the group is reported as damaged. */
  damage(group: GroupId, reason: string): void {
    const image = this.images.get(group) ?? new GroupImage(group);
    image.damage(reason);
    this.images.set(group, image);
  }
}

export class MemoryStorageError extends Error {
  readonly code: 'storage_failed' | 'storage_closed';
  constructor(code: 'storage_failed' | 'storage_closed', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MemoryStorageError';
    this.code = code;
  }
}

export interface MemoryStorageOptions {
  /** Default: an empty one. */
  readonly disk?: MemoryDisk;
  /** Runs the end of a write later; a test that owns the time passes its own. Default: `queueMicrotask`. */
  readonly schedule?: (task: () => void) => void;
}

interface InFlight {
  readonly writes: readonly GroupWrite[];
  readonly staged: ReadonlyMap<GroupId, Uint8Array>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A `RaftStorage` in memory, for tests and for groups that need no durability, with the faults of a
 * disk on demand. What is durable lives in a `MemoryDisk` apart from the storage, so that a crash
 * loses exactly what no write had finished.
 *
 * ```ts
 * const storage = new MemoryStorage();
 * storage.failWrite(3);                 // the third write from now fails, and every call after it
 * const disk = storage.crash('lost');   // the process dies; the write in flight did not make it
 * const reopened = new MemoryStorage({ disk });
 * ```
 */
export class MemoryStorage implements RaftStorage {
  readonly disk: MemoryDisk;
  readonly #schedule: (task: () => void) => void;
  #staged = new Map<GroupId, Uint8Array>();
  #inFlight: InFlight | null = null;
  #failure: MemoryStorageError | null = null;
  #hung = false;
  #due = false;
  #plannedFailure: { write: number; outcome: 'lost' | 'kept' } | null = null;
  #writes = 0;
  #closing: (() => void)[] = [];

  constructor(options: MemoryStorageOptions = {}) {
    this.disk = options.disk ?? new MemoryDisk();
    this.#schedule = options.schedule ?? queueMicrotask;
  }

  /** Writes that were started. */
  get writes(): number {
    return this.#writes;
  }

  async open(): Promise<readonly StoredGroup[]> {
    this.#alive();
    const found: StoredGroup[] = [];
    for (const image of this.disk.images.values()) {
      const stored = image.stored();
      if (stored !== null) found.push(stored);
    }
    return found.sort((a, b) => a.group - b.group);
  }

  write(writes: readonly GroupWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#alive();
      if (this.#inFlight !== null)
        throw new MemoryStorageError('storage_failed', 'A write is in flight: make one at a time.');
      this.#check(writes);
      this.#writes += 1;
      this.#inFlight = { writes, staged: this.#staged, resolve, reject };
      this.#staged = new Map();
      this.#schedule(() => {
        this.#due = true;
        this.#finish();
      });
    });
  }

  #check(writes: readonly GroupWrite[]): void {
    const seen = new Set<GroupId>();
    for (const write of writes) {
      if (seen.has(write.group))
        throw new MemoryStorageError('storage_failed', `Group ${write.group} is twice in one batch.`);
      seen.add(write.group);
      (this.disk.images.get(write.group) ?? new GroupImage(write.group)).check(write);
    }
  }

  #finish(): void {
    const inFlight = this.#inFlight;
    if (inFlight === null || this.#hung || !this.#due) return;
    this.#due = false;
    this.#inFlight = null;
    for (const done of this.#closing.splice(0)) done();
    const planned = this.#plannedFailure;
    if (planned !== null && planned.write === this.#writes) {
      if (planned.outcome === 'kept') this.#land(inFlight);
      this.#failure = new MemoryStorageError(
        'storage_failed',
        `Write ${this.#writes} failed, as the test asked.`,
      );
      inFlight.reject(this.#failure);
      return;
    }
    this.#land(inFlight);
    inFlight.resolve();
  }

  #land(inFlight: InFlight): void {
    for (const write of inFlight.writes) {
      if (write.destroy === true) {
        this.disk.images.delete(write.group);
        this.disk.values.delete(write.group);
        continue;
      }
      const image = this.disk.images.get(write.group) ?? new GroupImage(write.group);
      image.apply(write);
      this.disk.images.set(write.group, image);
    }
    for (const [group, value] of inFlight.staged) this.disk.values.set(group, value);
  }

  stagedBytes(): number {
    let bytes = 0;
    for (const value of this.#staged.values()) bytes += value.length;
    return bytes;
  }

  async read(group: GroupId, from: LogIndex, to: LogIndex, maxBytes: number): Promise<readonly Entry[]> {
    this.#alive();
    const image = this.disk.images.get(group);
    if (image === undefined) throw new RangeError(`Group ${group} is not stored.`);
    return image.read(from, to, maxBytes);
  }

  /** Waits for the write in flight, so it hangs where the disk hangs. */
  async close(): Promise<void> {
    if (this.#inFlight !== null) await new Promise<void>((resolve) => this.#closing.push(resolve));
    this.#failure ??= new MemoryStorageError('storage_closed', 'The storage is closed.');
  }

  #alive(): void {
    if (this.#failure === null) return;
    throw new MemoryStorageError(this.#failure.code, `${this.#failure.message} Open it anew.`, this.#failure);
  }

  /** Stages a state machine's whole state for the next write. `value` sees it at once. */
  stage(group: GroupId, value: Uint8Array): void {
    this.#alive();
    this.#staged.set(group, value);
  }

  /** A state machine's last value, durable or staged. */
  value(group: GroupId): Uint8Array | undefined {
    return this.#staged.get(group) ?? this.#inFlight?.staged.get(group) ?? this.disk.values.get(group);
  }

  /** What would be found after a crash now. */
  durableValue(group: GroupId): Uint8Array | undefined {
    return this.disk.values.get(group);
  }

  /**
   * Lets the `nth` write from now on fail (1: the next). A failed fsync may or may not have reached
   * the disk: `outcome` says which.
   */
  failWrite(nth: number, outcome: 'lost' | 'kept' = 'lost'): void {
    this.#plannedFailure = { write: this.#writes + nth, outcome };
  }

  /** The disk stops: writes neither finish nor fail until `resume` or `crash`. */
  hang(): void {
    this.#hung = true;
  }

  resume(): void {
    this.#hung = false;
    this.#finish();
  }

  /**
   * The process dies. Staged values are gone; the write in flight is `lost`, also when it was torn
   * half-way since a batch is atomic, or `kept` though nobody heard of it. This storage then rejects
   * every call, and the promise of the write in flight never settles.
   */
  crash(inFlight: 'lost' | 'kept' = 'lost'): MemoryDisk {
    if (this.#inFlight !== null && inFlight === 'kept') this.#land(this.#inFlight);
    this.#inFlight = null;
    this.#staged = new Map();
    this.#failure = new MemoryStorageError('storage_closed', 'The process crashed.');
    return this.disk;
  }
}
