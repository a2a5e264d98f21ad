import type { ContextStore, StoreObserver } from '@fastpaca/context-store';
import { ConfigurableModuleBuilder } from '@nestjs/common';

export interface ContextStoreModuleOptions {
  /**
   * Opens the store. The module hands over the hooks that feed its metrics and log, and closes the
   * store after the last connection is closed.
   */
  readonly open: (observer: StoreObserver) => Promise<ContextStore>;
  /** Called after the store is closed, to release what `open` needed, such as an estimator. */
  readonly release?: () => Promise<void>;
  /** Bearer tokens, any of which a request must carry. Default: none, every request passes. */
  readonly apiKeys?: readonly string[];
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ContextStoreModuleOptions>().setClassMethodName('forRoot').build();
