/** Where a node of the run listens. Index 0 is the first node. */
export interface Place {
  /** `HOST` and `PORT` of the node. */
  readonly host: string;
  readonly port: number;
  /** `host:port` under which other nodes reach it. */
  readonly peerAddress: string;
  /** What clients of the run use. They stay connected while peers are cut off. */
  readonly url: string;
  /** What the node's command line begins with. */
  readonly prefix: readonly string[];
}

/** How a node's network is made slow. */
export type Slowness = 'delay' | 'narrow';

/** The links between nodes. What is sent while a link is blocked is lost or waits, as TCP decides. */
export interface Network {
  readonly kind: 'namespaces' | 'proxy';
  /** How it works, in a line for the report. */
  readonly description: string;
  readonly places: readonly Place[];
  readonly slownesses: readonly Slowness[];
  /** The proxy has to know whose connection it carries. */
  processStarted(index: number, pid: number): void;
  /** Nothing that `from` sends reaches `to`. The other direction goes on. */
  block(from: number, to: number): void;
  slow(index: number, how: Slowness): void;
  /** All links as they should be. */
  heal(): void;
  close(): Promise<void>;
}
