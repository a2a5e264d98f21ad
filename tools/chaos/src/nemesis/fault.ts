import type { Slowness } from '../network/network.ts';

/** What is done to the cluster for a while, by the index of nodes. Each has its own way to be undone. */
export type Fault =
  /** SIGKILL; started again at the end. */
  | { readonly kind: 'kill'; readonly nodes: readonly number[] }
  /** SIGSTOP, then SIGCONT. */
  | { readonly kind: 'pause'; readonly nodes: readonly number[] }
  /** SIGSTOP and SIGCONT many times a second: a processor that somebody else uses. */
  | { readonly kind: 'stutter'; readonly node: number }
  /** Nothing passes between the node and its peers, or only in one direction. */
  | { readonly kind: 'cut'; readonly node: number; readonly direction: 'both' | 'in' | 'out' }
  /** Two nodes do not see each other; both see the others. */
  | { readonly kind: 'bridge'; readonly nodes: readonly [number, number] }
  /** Nobody sees anybody. */
  | { readonly kind: 'cut all' }
  | { readonly kind: 'slow link'; readonly node: number; readonly how: Slowness }
  | { readonly kind: 'slow disk'; readonly node: number }
  /** Not a block left. The node ends by itself; it is started again once there is room. */
  | { readonly kind: 'fill disk'; readonly node: number }
  /** SIGTERM, start, at once. */
  | { readonly kind: 'restart'; readonly nodes: readonly number[] }
  /** A spare node joins, another one is drained and removed, loses its data, and is spare from then on. */
  | { readonly kind: 'replace'; readonly node: number };

export type FaultKind = Fault['kind'];

/** One step of a run. */
export interface Step {
  /** Calm before it, since the step before. */
  readonly calmMs: number;
  readonly fault: Fault;
  /** How long it lasts. */
  readonly forMs: number;
}

/** A plan counts the nodes that belong to the cluster: which these are changes when one replaces another. */
export function onMembers(fault: Fault, members: readonly number[]): Fault {
  const at = (index: number): number => members[index % members.length] ?? index;
  switch (fault.kind) {
    case 'kill':
    case 'pause':
    case 'restart':
      return { ...fault, nodes: fault.nodes.map(at) };
    case 'bridge':
      return { ...fault, nodes: [at(fault.nodes[0]), at(fault.nodes[1])] };
    case 'cut all':
      return fault;
    case 'stutter':
    case 'cut':
    case 'slow link':
    case 'slow disk':
    case 'fill disk':
    case 'replace':
      return { ...fault, node: at(fault.node) };
  }
}

const named = (nodes: readonly number[]): string => nodes.map((node) => `n${node + 1}`).join(', ');

/** In words, for the report. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill -9 ${named(fault.nodes)}`;
    case 'pause':
      return `pause ${named(fault.nodes)}`;
    case 'stutter':
      return `stutter ${named([fault.node])}`;
    case 'cut':
      return { both: 'cut off', in: 'cut what comes to', out: 'cut what leaves' }[fault.direction].concat(
        ` ${named([fault.node])}`,
      );
    case 'bridge':
      return `cut ${named([fault.nodes[0]])} from ${named([fault.nodes[1]])}`;
    case 'cut all':
      return 'cut everybody off';
    case 'slow link':
      return `slow link of ${named([fault.node])} (${fault.how})`;
    case 'slow disk':
      return `slow disk of ${named([fault.node])}`;
    case 'fill disk':
      return `fill the disk of ${named([fault.node])}`;
    case 'restart':
      return `restart ${named(fault.nodes)}`;
    case 'replace':
      return `replace ${named([fault.node])}`;
  }
}
