import type { NodeId } from '../ids.js';
import type { Progress } from './progress.js';

/**
 * The replicas that get the log of a leader: in an array, which every turn walks. They are a few, so looking one up
 * compares fewer strings than a map would hash.
 */
export class ProgressTable {
  #all: readonly Progress[] = [];

  /** Replaced with every change, so a walk may delete what it passes. */
  get all(): readonly Progress[] {
    return this.#all;
  }

  get(node: NodeId): Progress | undefined {
    for (const progress of this.#all) if (progress.node === node) return progress;
    return undefined;
  }

  has(node: NodeId): boolean {
    return this.get(node) !== undefined;
  }

  add(progress: Progress): void {
    this.#all = [...this.#all.filter(({ node }) => node !== progress.node), progress];
  }

  delete(node: NodeId): void {
    this.#all = this.#all.filter((progress) => progress.node !== node);
  }

  clear(): void {
    this.#all = [];
  }
}
