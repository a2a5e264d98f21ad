import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Connection } from '../load/connection.ts';
import { contextId, encodeRequest } from '../workload/requests.ts';
import { freePorts, spawnNode, waitUntilReady } from './child.ts';
import { ClusterNode, form } from './cluster-node.ts';
import type { ClusterRequests, ClusterSystem, RunningCluster } from './cluster-system.ts';
import { serverEntryPoint, v8Flags } from './context-store.ts';

/** Three servers with default settings but for `env`, and the two variables that a cluster needs. */
export class ContextStoreCluster implements ClusterSystem {
  readonly name = 'context store, three nodes';
  readonly #directory: string;
  readonly #env: Readonly<Record<string, string>>;
  /** The same at every start: the nodes know each other by them. */
  #ports: readonly number[] | undefined;

  constructor(directory: string, env: Readonly<Record<string, string>> = {}) {
    this.#directory = directory;
    this.#env = env;
  }

  async start(): Promise<RunningCluster> {
    this.#ports ??= await freePorts(3);
    const ports = this.#ports;
    const seed = ports.map((port) => `127.0.0.1:${String(port)}`).join(',');
    await mkdir(this.#directory, { recursive: true });
    const startedAt = performance.now();
    const nodes = ports.map((port, index) => {
      const name = `n${String(index + 1)}`;
      const env = {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: String(port),
        UV_THREADPOOL_SIZE: '8',
        FASTPACA_NODE_NAME: name,
        FASTPACA_CLUSTER_SEED: seed,
        FASTPACA_CLUSTER_SECRET: 'bench',
        FASTPACA_RAFT_DATA_DIR: join(this.#directory, name),
        ...this.#env,
      };
      return new ClusterNode(
        () => spawnNode([...v8Flags, serverEntryPoint], env, join(this.#directory, `${name}.log`)),
        (child) => waitUntilReady(port, child),
      );
    });
    const formedAfterMs = await form(nodes, startedAt);
    return {
      formedAfterMs,
      nodes,
      requests,
      connect: (node, onFailure) => Connection.open(ports[node] ?? 0, onFailure),
      prepare: (contexts) => createContexts(ports, contexts),
      stop: async () => {
        await Promise.all(nodes.map((node) => node.stop(this.name)));
      },
    };
  }

  dispose(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}

async function createContexts(ports: readonly number[], contexts: number): Promise<void> {
  for (let index = 0; index < contexts; index += 1) {
    const port = String(ports[index % ports.length]);
    const response = await fetch(`http://127.0.0.1:${port}/v1/contexts/${contextId(index)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`creating a context failed with ${String(response.status)}: ${text}`);
  }
}

const path = (context: number): string => `/v1/contexts/${contextId(context)}/messages`;

const requests: ClusterRequests = {
  batchSize: 200,
  append: (context, sequence, text) => {
    const message = messageOf(sequence, text);
    return { kind: 'append', bytes: encodeRequest('POST', path(context), JSON.stringify({ message })) };
  },
  // The token counts are given, so that filling does not wait for the tokenizer.
  batch: (context, sequence, texts) => {
    const messages = texts.map((text, index) => ({ ...messageOf(sequence + index, text), token_count: 55 }));
    return { kind: 'append', bytes: encodeRequest('POST', path(context), JSON.stringify({ messages })) };
  },
};

/** Also what etcd is given as a value. */
export function messageOf(sequence: number, text: string): object {
  return { role: sequence % 2 === 0 ? 'user' : 'assistant', parts: [{ type: 'text', text }] };
}
