import type { NodeId } from '../ids.js';
import type { Progress } from './progress.js';

/**
 * The replicas that get the log of a leader. Every turn walks them, so they stand in an array beside
 * the map: walking a map makes an object for each step.
 */
export class ProgressTable {
  readonly #byNode = new Map<NodeId, Progress>();
  #all: readonly Progress[] = [];

  /** Replaced with every change, so a walk may delete what it passes. */
  get all(): readonly Progress[] {
    return this.#all;
  }

  get(node: NodeId): Progress | undefined {
    return this.#byNode.get(node);
  }

  has(node: NodeId): boolean {
    return this.#byNode.has(node);
  }

  add(progress: Progress): void {
    this.#byNode.set(progress.node, progress);
    this.#all = [...this.#byNode.values()];
  }

  delete(node: NodeId): void {
    this.#byNode.delete(node);
    this.#all = [...this.#byNode.values()];
  }

  clear(): void {
    this.#byNode.clear();
    this.#all = [];
  }
}
