import type { Persist } from '../group/ready.js';
import type { GroupWrite, RaftStorage } from '../storage/storage.js';
import type { Clock } from './clock.js';
import type { HostObserver } from './observer.js';
import type { Runtime } from './runtime.js';

export interface WriterEvents<Result> {
  /** What `persist` holds, and everything before it of the same group, is durable. */
  durable(runtime: Runtime<Result>, persist: Persist): void;
  /** A batch is complete, its parts were reported. */
  written(): void;
  failed(error: unknown): void;
}

interface OwnWrite {
  readonly writes: readonly GroupWrite[];
  readonly done: () => void;
}

/**
 * The one writer of a host. Exactly one write is in flight; what arrives meanwhile forms the next
 * batch, so batches grow with the disk's latency and need no tuning.
 */
export class Writer<Result> {
  readonly #storage: RaftStorage;
  readonly #clock: Clock;
  readonly #maxBatchBytes: number;
  readonly #observer: HostObserver;
  readonly #events: WriterEvents<Result>;
  #queue: Runtime<Result>[] = [];
  #own: OwnWrite[] = [];
  #startedAt: number | null = null;
  #stopped = false;
  #flushWanted = false;
  #idle: (() => void)[] = [];

  constructor(
    storage: RaftStorage,
    clock: Clock,
    maxBatchBytes: number,
    observer: HostObserver,
    events: WriterEvents<Result>,
  ) {
    this.#storage = storage;
    this.#clock = clock;
    this.#maxBatchBytes = maxBatchBytes;
    this.#observer = observer;
    this.#events = events;
  }

  /** How long the write in flight has taken; 0 where there is none. */
  stalledMs(now: number): number {
    return this.#startedAt === null ? 0 : now - this.#startedAt;
  }

  enqueue(runtime: Runtime<Result>): void {
    if (runtime.writing) return;
    runtime.writing = true;
    this.#queue.push(runtime);
  }

  /** Writes of the host itself: groups that are created or destroyed. Resolves once durable. */
  write(writes: readonly GroupWrite[]): Promise<void> {
    return new Promise((done) => {
      this.#own.push({ writes, done });
    });
  }

  /** The next batch is written even where it holds nothing: it carries what is staged. */
  flush(): void {
    this.#flushWanted = true;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Whether nothing waits to be written. */
  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#own.length === 0;
  }

  /** Settles when nothing is in flight. */
  idle(): Promise<void> {
    if (this.#startedAt === null) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Starts the next write, if none is in flight and there is something to write. */
  pump(): void {
    if (this.#startedAt !== null || this.#stopped) return;
    const own = this.#own;
    this.#own = [];
    const writes = own.flatMap((each) => each.writes);
    const parts: { runtime: Runtime<Result>; persist: Persist }[] = [];
    const { entries, bytes } = this.#collect(writes, parts);
    if (writes.length === 0 && own.length === 0 && !this.#flushWanted) return;
    this.#flushWanted = false;
    this.#startedAt = this.#clock.now();
    const batch = { groups: writes.length, entries, bytes };
    this.#storage.write(writes).then(
      () => {
        this.#observer.onWrite?.({ ...batch, durationMs: this.stalledMs(this.#clock.now()) });
        this.#finish();
        if (this.#stopped) return;
        for (const { done } of own) done();
        for (const { runtime, persist } of parts) this.#events.durable(runtime, persist);
        this.#events.written();
      },
      (error: unknown) => {
        this.#stopped = true;
        this.#finish();
        this.#events.failed(error);
      },
    );
  }

  /** Groups in the order they asked, until the batch is full; the rest goes with the next one. */
  #collect(
    writes: GroupWrite[],
    parts: { runtime: Runtime<Result>; persist: Persist }[],
  ): { entries: number; bytes: number } {
    let entries = 0;
    let bytes = 0;
    let taken = 0;
    for (const runtime of this.#queue) {
      if (bytes >= this.#maxBatchBytes) break;
      taken += 1;
      runtime.writing = false;
      const persist = runtime.destroyed ? null : runtime.group.takePersist();
      if (persist === null) continue;
      if (persist.write === null) {
        // Nothing is in flight, so all that these messages stand on is durable.
        this.#events.durable(runtime, persist);
        continue;
      }
      writes.push(persist.write);
      parts.push({ runtime, persist });
      entries += persist.write.append?.length ?? 0;
      bytes += persist.bytes;
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken);
    return { entries, bytes };
  }

  #finish(): void {
    this.#startedAt = null;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
