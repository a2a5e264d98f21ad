import { ContextStore } from '@fastpaca/context-store';
import type { ContextStoreModuleOptions } from '@fastpaca/nestjs';
import { createEstimator } from '@fastpaca/token-budget';
import type { Logger } from 'pino';
import { type Configuration, ConfigurationError } from '../config/configuration.js';
import { variables } from '../config/variables.js';
import { archiveLog, archiveOptions } from './archive-options.js';
import { clusterOptions } from './cluster-options.js';

interface NodeOptions {
  readonly configuration: Configuration;
  readonly directory: string;
  readonly node: string;
  readonly log: Logger;
}

/** How this node opens its store, and what it releases after it. */
export function openStore(options: NodeOptions): Pick<ContextStoreModuleOptions, 'open' | 'release'> {
  const { configuration, directory, node, log } = options;
  const estimator = estimatorOf(configuration.tokenEstimator);
  const archive = archiveOptions(configuration);
  const open: ContextStoreModuleOptions['open'] = (observer) =>
    ContextStore.open({
      directory,
      nodeName: node,
      estimator,
      deadlineMs: configuration.requestDeadlineMs,
      cluster: clusterOptions(configuration, log),
      ...(archive && { archive }),
      observer: {
        ...observer,
        archive: archiveLog(observer.archive ?? {}, log),
        onAppended: (message) => {
          observer.onAppended?.(message);
          // At 15,000 appends a second a line for each is 2 MB/s: only for who asks for it.
          log.debug({ type: 'message_appended', context_id: message.contextId, seq: message.seq });
        },
        onFault: (error) => {
          observer.onFault?.(error);
          log.error({ type: 'routing_fault', err: error }, 'a defect was met as nodes served each other');
        },
      },
      onFatal: (error) => endProcess(error, log),
    });
  return { open, release: () => estimator.close() };
}

function estimatorOf(spec: string) {
  try {
    return createEstimator(spec);
  } catch (error) {
    throw new ConfigurationError(
      variables.tokenEstimator.name,
      error instanceof Error ? error.message : 'is unknown',
    );
  }
}

/**
 * A disk that failed once has an unknown state: nothing that this process would answer from now on can
 * be trusted. pino writes a fatal line before it returns.
 */
function endProcess(error: Error, log: Logger): void {
  log.fatal({ type: 'storage_failed', err: error }, `storage failed, stopping: ${error.message}`);
  process.exit(1);
}
