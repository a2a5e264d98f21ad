import type { LoadConnection } from '../load/connection.ts';
import type { EncodedRequest } from '../workload/requests.ts';

/** Three nodes of a system on this machine. */
export interface ClusterSystem {
  readonly name: string;
  /** Starts it over the data that an earlier start has left, and waits until every node is ready. */
  start(): Promise<RunningCluster>;
  /** Removes everything it has left on disk. */
  dispose(): Promise<void>;
}

export interface RunningCluster {
  /** From the start of the processes until every node was ready. */
  readonly formedAfterMs: number;
  readonly nodes: readonly RunningNode[];
  connect(node: number, onFailure: (error: Error) => void): Promise<LoadConnection>;
  /** What must be there before the appends. */
  prepare(contexts: number): Promise<void>;
  readonly requests: ClusterRequests;
  stop(): Promise<void>;
}

export interface RunningNode {
  readonly pid: number;
  /** SIGKILL, and it has ended. */
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Starts it again after a kill. Returns the milliseconds until it is ready. */
  restart(): Promise<number>;
}

/** The same content for each system, in its own encoding. */
export interface ClusterRequests {
  /** One message of one context; the same text for the same numbers. */
  append(context: number, sequence: number, text: string): EncodedRequest;
  /** Many messages in one call. */
  batch(context: number, sequence: number, texts: readonly string[]): EncodedRequest;
  /** The most that one call takes. */
  readonly batchSize: number;
}
