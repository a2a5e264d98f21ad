import type { ArchiveObserver, ArchiveStatus, ContextFigure, StoreArchive } from '@fastpaca/context-store';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What goes to the archive, and what waits for it. A node tells of the groups that it leads. */
export class ArchiveMetrics {
  private readonly attempted: Counter;
  private readonly attemptedBytes: Counter;
  private readonly inserted: Counter;
  private readonly insertedBytes: Counter;
  private readonly flushMs: Histogram;
  private readonly failures: Counter<'of'>;
  private readonly refused: Counter;

  constructor(private readonly registry: Registry) {
    const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] });
    this.attempted = counter(
      'fastpaca_archive_attempted_total',
      'Messages given to the archive, again after failures',
    );
    this.attemptedBytes = counter(
      'fastpaca_archive_bytes_attempted_total',
      'Bytes of messages given to the archive',
    );
    this.inserted = counter(
      'fastpaca_archive_inserted_total',
      'Messages that the archive did not have before',
    );
    this.insertedBytes = counter(
      'fastpaca_archive_bytes_inserted_total',
      'Bytes of messages that it did not have',
    );
    this.flushMs = new Histogram({
      name: 'fastpaca_archive_flush_duration_ms',
      help: 'Milliseconds of one write to the archive',
      buckets: [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000],
      registers: [registry],
    });
    this.failures = new Counter({
      name: 'fastpaca_archive_failures_total',
      help: 'Rounds that failed and are tried again, by whose fault it was: archive or source (this cluster)',
      labelNames: ['of'],
      registers: [registry],
    });
    this.refused = counter(
      'fastpaca_archive_refused_total',
      'Messages that the archive cannot hold; they stay local',
    );
  }

  observer(): ArchiveObserver {
    return {
      onAttempt: ({ rows, bytes }) => {
        this.attempted.inc(rows);
        this.attemptedBytes.inc(bytes);
      },
      onWritten: ({ rows, bytes, durationMs }) => {
        this.inserted.inc(rows);
        this.insertedBytes.inc(bytes);
        this.flushMs.observe(durationMs);
      },
      onRefused: (_row, first) => {
        if (first) this.refused.inc();
      },
      onFailure: (failure) => this.failures.inc({ of: failure.of }),
    };
  }

  /** Adds the gauges, which are read when they are scraped. */
  watch(archive: StoreArchive): void {
    const status = shared(() => archive.status());
    this.gauge(
      'fastpaca_archive_pending_rows',
      'Messages that are not archived',
      status,
      (s) => s.pendingRows,
    );
    this.gauge(
      'fastpaca_archive_pending_contexts',
      'Contexts with messages that are not archived',
      status,
      (s) => s.pendingContexts,
    );
    this.gauge(
      'fastpaca_archive_pending_erasures',
      'Erased contexts whose rows are still in the archive',
      status,
      (s) => s.pendingErasures,
    );
    this.gauge(
      'fastpaca_archive_oldest_age_seconds',
      'Age of the oldest message that is not archived; 0 for none',
      status,
      ({ oldestAt }) => (oldestAt === null ? 0 : Math.max(0, (Date.now() - oldestAt) / 1000)),
    );
    this.perContext(
      'fastpaca_archive_lag',
      'Messages of a context that are not archived',
      status,
      ({ pendingRows, largest }) => [pendingRows, largest.lag],
    );
    this.perContext(
      'fastpaca_archive_tail_size',
      'Messages of a context on the disks of its nodes',
      status,
      ({ localRows, largest }) => [localRows, largest.tail],
    );
    this.perContext(
      'fastpaca_archive_llm_token_count',
      'Tokens in the window of a context',
      status,
      ({ windowTokens, largest }) => [windowTokens, largest.windowTokens],
    );
    const registers = [this.registry];
    new Counter({
      name: 'fastpaca_archive_trimmed_total',
      help: 'Messages of a context that are in the archive alone; without a context: trimmed since this node started',
      labelNames: ['context_id'],
      registers,
      async collect() {
        const { trimmedRows, largest } = await status();
        this.reset();
        this.inc(trimmedRows);
        for (const { contextId, value } of largest.trimmed) this.inc({ context_id: contextId }, value);
      },
    });
  }

  private gauge(
    name: string,
    help: string,
    status: () => Promise<ArchiveStatus>,
    read: (status: ArchiveStatus) => number,
  ): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      async collect() {
        this.set(read(await status()));
      },
    });
  }

  /** A series for each of the largest contexts, and one without a context for all of them. */
  private perContext(
    name: string,
    help: string,
    status: () => Promise<ArchiveStatus>,
    read: (status: ArchiveStatus) => readonly [all: number, largest: readonly ContextFigure[]],
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ['context_id'],
      registers: [this.registry],
      async collect() {
        const [all, largest] = read(await status());
        this.reset();
        this.set(all);
        for (const { contextId, value } of largest) this.set({ context_id: contextId }, value);
      },
    });
  }
}

/** One look for all gauges of a scrape: they ask at the same time. */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | null = null;
  return () => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
}
