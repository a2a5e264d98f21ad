import { ArchiveError, PostgresArchive } from '@fastpaca/archiver';
import type { ArchiveObserver, ArchiveOptions } from '@fastpaca/context-store';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';

/** The archive of this node, or null where it is off. Nothing is connected yet. */
export function archiveOptions(configuration: Configuration): ArchiveOptions | null {
  const { archiverEnabled, databaseUrl, migrateOnBoot, archiveFlushIntervalMs, archiverBatchSize, tailKeep } =
    configuration;
  if (!archiverEnabled || databaseUrl === undefined) return null;
  return {
    adapter: new PostgresArchive({ connectionString: databaseUrl }),
    migrate: migrateOnBoot ?? true,
    flushIntervalMs: archiveFlushIntervalMs,
    batchSize: archiverBatchSize,
    tailKeep,
  };
}

/**
 * A line for what an operator must know, beside what `metrics` counts. Failures come with growing pauses,
 * so they do not flood the log.
 */
export function archiveLog(metrics: ArchiveObserver, log: Logger): ArchiveObserver {
  return {
    ...metrics,
    onMigrated: () => {
      log.info({ type: 'archive_ready' }, 'the archive has its tables');
    },
    onFailure: (failure) => {
      metrics.onFailure?.(failure);
      const { of, error, retryInMs } = failure;
      const code = error instanceof ArchiveError ? error.code : 'failed';
      const retry_in_ms = Math.round(retryInMs);
      // What goes away by itself is no error of the configuration.
      const level = code === 'archive_unavailable' || of === 'source' ? 'warn' : 'error';
      log[level]({ type: 'archive_failed', of, code, retry_in_ms, err: error }, error.message);
    },
    onRefused: (row, first) => {
      metrics.onRefused?.(row, first);
      if (!first) return;
      const { contextId, seq, reason } = row;
      log.error(
        { type: 'archive_refused', context_id: contextId, seq, reason },
        `the archive cannot hold message ${seq} of ${contextId}: it and what follows it stay on the nodes`,
      );
    },
  };
}
