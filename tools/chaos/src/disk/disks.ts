/** Where the nodes' data lies, and what can be done to it. */
export interface Disks {
  readonly description: string;
  /** A disk of its own for each node, which can run full. */
  readonly canFill: boolean;
  /** Its writes can be held back. */
  readonly canSlow: boolean;
  /** The data directory of a node. */
  directory(index: number): string;
  /** Leaves no free block. */
  fill(index: number): void;
  free(index: number): void;
  /** Lets a process do a few synced writes a second only. */
  slow(index: number, pid: number): void;
  unslow(index: number): void;
  /** Removes everything that the node has stored. */
  wipe(index: number): void;
  close(): void;
}
