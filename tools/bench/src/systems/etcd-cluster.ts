import { spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { GrpcConnection } from '../load/grpc-connection.ts';
import { encodePut, encodePuts } from '../workload/etcd-requests.ts';
import { contextId } from '../workload/requests.ts';
import { freePorts, spawnProcess, waitUntilReady } from './child.ts';
import { ClusterNode, form } from './cluster-node.ts';
import type { ClusterRequests, ClusterSystem, RunningCluster } from './cluster-system.ts';
import { messageOf } from './context-store-cluster.ts';

/** Whether etcd is installed (`apt-get install etcd-server` on Debian); its version then. */
export function etcdVersion(): string | undefined {
  const { stdout, status } = spawnSync('etcd', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /etcd Version: (\S+)/.exec(stdout)?.[1] : undefined;
}

interface Member {
  readonly name: string;
  readonly port: number;
  readonly peerPort: number;
}

async function membersOnFreePorts(): Promise<Member[]> {
  const ports = await freePorts(6);
  return ['n1', 'n2', 'n3'].map((name, index) => ({
    name,
    port: ports[index] ?? 0,
    peerPort: ports[3 + index] ?? 0,
  }));
}

/** Three members with etcd's own defaults: 100 ms heartbeats, 1,000 ms election timeout, fsync on. */
export class EtcdCluster implements ClusterSystem {
  readonly name = 'etcd, three nodes';
  readonly #directory: string;
  /** The same at every start: a member keeps the addresses that it was added with. */
  #members: readonly Member[] | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<RunningCluster> {
    this.#members ??= await membersOnFreePorts();
    const members = this.#members;
    const url = (port: number): string => `http://127.0.0.1:${String(port)}`;
    const initial = members.map(({ name, peerPort }) => `${name}=${url(peerPort)}`).join(',');
    await mkdir(this.#directory, { recursive: true });
    const startedAt = performance.now();
    const nodes = members.map(({ name, port, peerPort }) => {
      const args = [
        ...['--name', name, '--data-dir', join(this.#directory, name), '--log-level', 'error'],
        ...['--listen-client-urls', url(port), '--advertise-client-urls', url(port)],
        ...['--listen-peer-urls', url(peerPort), '--initial-advertise-peer-urls', url(peerPort)],
        ...['--initial-cluster', initial, '--initial-cluster-state', 'new'],
        ...['--quota-backend-bytes', String(8 * 2 ** 30)],
      ];
      return new ClusterNode(
        () => spawnProcess('etcd', args, {}, join(this.#directory, `${name}.log`)),
        (child) => waitUntilReady(port, child, { path: '/health' }),
      );
    });
    const formedAfterMs = await form(nodes, startedAt);
    return {
      formedAfterMs,
      nodes,
      requests,
      connect: (node, onFailure) => GrpcConnection.open(members[node]?.port ?? 0, onFailure),
      prepare: () => Promise.resolve(),
      stop: async () => {
        await Promise.all(nodes.map((node) => node.stop(this.name)));
      },
    };
  }

  dispose(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}

const key = (context: number, sequence: number): string =>
  `${contextId(context)}/${String(sequence).padStart(10, '0')}`;
const value = (sequence: number, text: string): Buffer =>
  Buffer.from(JSON.stringify(messageOf(sequence, text)));

const requests: ClusterRequests = {
  // 32 messages stay below the 16 KiB that a frame of HTTP/2 may have, and below the 128 puts that a transaction may.
  batchSize: 32,
  append: (context, sequence, text) => encodePut(key(context, sequence), value(sequence, text)),
  batch: (context, sequence, texts) =>
    encodePuts(texts.map((text, index) => [key(context, sequence + index), value(sequence + index, text)])),
};
