import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Disks } from '../disk/disks.ts';
import type { Network, Place } from '../network/network.ts';
import { NodeProcess, type Ending } from './node-process.ts';

export interface TestClusterOptions {
  /** Where images and logs go. */
  readonly root: string;
  /** Nodes that form the cluster; the network's further places are spare ones. */
  readonly size: number;
  readonly network: Network;
  readonly disks: Disks;
  readonly env?: Readonly<Record<string, string>>;
  readonly onEnd?: (node: TestNode, ending: Ending) => void;
}

/** A node of the run and where it stands. */
export interface TestNode {
  readonly index: number;
  readonly process: NodeProcess;
}

/** The nodes of a run: those that form the cluster first, then spare ones that may join it. */
export class TestCluster {
  readonly nodes: readonly TestNode[];
  readonly size: number;
  readonly #options: TestClusterOptions;

  constructor(options: TestClusterOptions) {
    this.#options = options;
    this.size = options.size;
    this.nodes = options.network.places.map((place, index) => this.#node(place, index));
  }

  get network(): Network {
    return this.#options.network;
  }

  get disks(): Disks {
    return this.#options.disks;
  }

  node(index: number): TestNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${index}`);
    return node;
  }

  start(index: number): void {
    const { process } = this.node(index);
    process.start();
    if (process.pid !== null) this.network.processStarted(index, process.pid);
  }

  async stopAll(): Promise<boolean> {
    const stopped = await Promise.all(this.nodes.map(({ process }) => process.stop()));
    return stopped.every(Boolean);
  }

  async killAll(): Promise<void> {
    await Promise.all(this.nodes.map(({ process }) => process.kill()));
  }

  #node({ host, port, url, prefix }: Place, index: number): TestNode {
    const name = `n${index + 1}`;
    mkdirSync(path.join(this.#options.root, name), { recursive: true });
    const process = new NodeProcess(
      {
        name,
        host,
        port,
        url,
        prefix,
        dataDirectory: this.#options.disks.directory(index),
        logFile: path.join(this.#options.root, name, 'server.log'),
        env: { ...this.#clusterEnv(), ...this.#options.env },
      },
      (ending) => this.#options.onEnd?.(this.node(index), ending),
    );
    return { index, process };
  }

  #clusterEnv(): Record<string, string> {
    const { size, network } = this.#options;
    // The estimator that costs nothing: what is tested is not how tokens are counted.
    const env: Record<string, string> = { FASTPACA_TOKEN_ESTIMATOR: 'chars:4' };
    if (network.places.length === 1) return env;
    const seeds = network.places.slice(0, size).map(({ peerAddress }) => peerAddress);
    return {
      ...env,
      FASTPACA_CLUSTER_SEED: seeds.join(','),
      FASTPACA_CLUSTER_SIZE: String(size),
      FASTPACA_CLUSTER_SECRET: 'chaos',
    };
  }
}
