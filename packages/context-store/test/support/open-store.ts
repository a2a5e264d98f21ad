import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ContextStore, type ContextStoreOptions } from '../../src/index.js';
import { estimator } from './group-bench.js';

/** A store in a directory of its own, with few groups. */
export class StoreBench {
  store: ContextStore;

  private constructor(
    readonly directory: string,
    readonly options: ContextStoreOptions,
    store: ContextStore,
  ) {
    this.store = store;
  }

  static async open(options: Partial<ContextStoreOptions> = {}): Promise<StoreBench> {
    const directory = await mkdtemp(join(tmpdir(), 'context-store-'));
    const all: ContextStoreOptions = {
      directory,
      nodeName: 'a',
      estimator,
      groups: 8,
      onFatal: (error) => {
        throw error;
      },
      ...options,
    };
    return new StoreBench(directory, all, await ContextStore.open(all));
  }

  async restart(options: Partial<ContextStoreOptions> = {}): Promise<void> {
    await this.store.close();
    this.store = await ContextStore.open({ ...this.options, ...options });
  }

  async close(): Promise<void> {
    await this.store.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export const parse = (json: Uint8Array): Record<string, unknown> =>
  JSON.parse(Buffer.from(json).toString()) as Record<string, unknown>;
