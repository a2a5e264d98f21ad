import { setTimeout as delay } from 'node:timers/promises';

import { Archiver, type ArchiveAdapter } from '@fastpaca/archiver';

import type { LocalReplicas } from '../routing/routes.js';
import type { ContextWrite } from '../state/change.js';
import { ArchiveFigures, type ArchiveStatus } from './archive-figures.js';
import { ArchivePace } from './archive-pace.js';
import { archiveDefaults, type ArchiveObserver, type ArchiveOptions } from './archive-options.js';
import { LedGroups } from './led-groups.js';
import { LocalArchiveSource } from './local-archive-source.js';

const firstRetryMs = 500;
const largestRetryMs = 30_000;
/** How long a store that closes waits for the archive. What is then under way is found again by its watermark. */
const farewellMs = 3_000;

export interface ArchiveParts {
  readonly options: ArchiveOptions;
  readonly local: LocalReplicas;
  readonly observer: ArchiveObserver;
  readonly now: () => number;
}

/** What a store shows of its archive. */
export type StoreArchive = Pick<Archive, 'status' | 'flush'>;

/** Archives the groups that this node leads, for as long as the store is open. */
export class Archive {
  readonly #options: Required<ArchiveOptions>;
  readonly #observer: ArchiveObserver;
  readonly #archiver: Archiver;
  readonly #figures: ArchiveFigures;
  readonly #stopping = new AbortController();

  constructor({ options, local, observer, now }: ArchiveParts) {
    this.#options = { ...archiveDefaults, ...options };
    this.#observer = observer;
    const groups = new LedGroups(local);
    this.#figures = new ArchiveFigures(groups);
    const { adapter, flushIntervalMs, batchSize, tailKeep } = this.#options;
    const source = new LocalArchiveSource(groups, {
      tailKeep,
      now,
      onPending: (id, record) => {
        this.#figures.seen(id, record);
      },
    });
    const { rest } = new ArchivePace(() => groups.pendingRows());
    this.#archiver = new Archiver({ source, adapter, flushIntervalMs, batchRows: batchSize, rest, observer });
  }

  /** Begins in the background: an archive that is down keeps nobody from starting. */
  start(): void {
    void this.#begin(this.#options.adapter);
  }

  /** A context has changed here. Null: a snapshot has replaced a group's state. */
  changed(write: ContextWrite | null): void {
    this.#figures.changed(write);
  }

  /** Numbers for metrics. Costs one read for each group with something to archive. */
  status(): Promise<ArchiveStatus> {
    return this.#figures.status();
  }

  /** Archives what waits now. @throws the error that ended it early; the rest is then still pending */
  flush(): Promise<void> {
    return this.#archiver.flushNow();
  }

  /** Ends what is under way, or gives up on it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await orLater(this.#archiver.stop());
    await orLater(this.#options.adapter.close());
  }

  async #begin(adapter: ArchiveAdapter): Promise<void> {
    const { signal } = this.#stopping;
    for (let retryInMs = firstRetryMs; this.#options.migrate && !signal.aborted;) {
      try {
        await adapter.migrate();
        this.#observer.onMigrated?.();
        break;
      } catch (cause) {
        if (signal.aborted) return;
        const error = cause instanceof Error ? cause : new Error(String(cause));
        this.#observer.onFailure?.({ of: 'archive', error, retryInMs });
        await delay(retryInMs, undefined, { signal }).catch(() => undefined);
        retryInMs = Math.min(2 * retryInMs, largestRetryMs);
      }
    }
    if (!signal.aborted) this.#archiver.start();
  }
}

/** Waits for the end of something, within bounds. That it failed is of no use any more. */
async function orLater(ending: Promise<unknown>): Promise<void> {
  const bound = new AbortController();
  const { signal } = bound;
  await Promise.race([
    ending.catch(() => undefined),
    delay(farewellMs, undefined, { signal, ref: false }),
  ]).finally(() => {
    bound.abort();
  });
}
