import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { groupId, type GroupId } from '@fastpaca/raft-core';

import { ContextStore, type ContextStoreOptions } from '../../src/index.js';
import type { ClusterOptions } from '../../src/cluster/cluster-options.js';
import { estimator } from './group-bench.js';
import { MemoryPeers } from './memory-peers.js';

const deadlineMs = 20_000;

/** Waits for a condition that others bring about. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs} ms for ${what()}.`);
    await delay(5);
  }
}

/** Nodes in one process: real disks, links in memory, and times that suit a test. */
export class ClusterBench {
  readonly peers = new MemoryPeers();
  readonly stores = new Map<string, ContextStore>();
  readonly failures: Error[] = [];

  private constructor(
    readonly root: string,
    readonly settings: ClusterOptions,
    readonly options: Partial<ContextStoreOptions>,
  ) {}

  static async create(
    settings: ClusterOptions = {},
    options: Partial<ContextStoreOptions> = {},
  ): Promise<ClusterBench> {
    return new ClusterBench(await mkdtemp(join(tmpdir(), 'cluster-')), settings, options);
  }

  directory(name: string): string {
    return join(this.root, name);
  }

  async start(name: string, settings: ClusterOptions = {}): Promise<ContextStore> {
    const store = await ContextStore.open({
      directory: this.directory(name),
      nodeName: name,
      estimator,
      groups: 8,
      onFatal: (error) => this.failures.push(error),
      raft: { timing: { heartbeatMs: 20, electionTimeoutMs: 200 } },
      ...this.options,
      cluster: {
        size: 3,
        passMs: 20,
        network: (self) => this.peers.network(self),
        ...this.settings,
        ...settings,
      },
    });
    this.stores.set(name, store);
    return store;
  }

  async startAll(...names: readonly string[]): Promise<readonly ContextStore[]> {
    const stores = await Promise.all(names.map((name) => this.start(name)));
    await this.ready(...names);
    return stores;
  }

  store(name: string): ContextStore {
    const store = this.stores.get(name);
    if (store === undefined) throw new Error(`Node ${name} is not running.`);
    return store;
  }

  async stop(name: string): Promise<void> {
    const store = this.store(name);
    this.stores.delete(name);
    await store.close();
  }

  async ready(...names: readonly string[]): Promise<void> {
    const reasons = (): string =>
      names.map((name) => `${name}: ${JSON.stringify(this.store(name).ready())}`).join(', ');
    await until(() => names.every((name) => this.store(name).ready().ready), reasons);
  }

  group(number: number): GroupId {
    return groupId(number);
  }

  /** Lets time pass in which something must not happen. */
  async pause(ms: number): Promise<void> {
    await delay(ms);
  }

  async close(): Promise<void> {
    await Promise.all([...this.stores.values()].map((store) => store.close()));
    await rm(this.root, { recursive: true, force: true });
  }
}
