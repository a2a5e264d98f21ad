import { RaftError } from '../errors.js';

interface Piece {
  readonly data: Uint8Array;
  readonly done: boolean;
  readonly taken: () => void;
}

/** Chunks from the network as the stream that a state machine restores from, one at a time. */
export class SnapshotFeed {
  readonly key: string;
  #piece: Piece | null = null;
  #wake: (() => void) | null = null;
  #superseded = false;
  #finished = false;

  constructor(key: string) {
    this.key = key;
  }

  /** The state machine has taken every chunk. */
  get finished(): boolean {
    return this.#finished;
  }

  get superseded(): boolean {
    return this.#superseded;
  }

  /** `taken` is called once the state machine asks for more. */
  push(data: Uint8Array, done: boolean, taken: () => void): void {
    this.#piece = { data, done, taken };
    this.#wake?.();
  }

  /** Ends the stream with an error: the restore must not be taken for complete. */
  supersede(): void {
    this.#superseded = true;
    this.#wake?.();
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = await this.#next();
      if (piece.data.length > 0) yield piece.data;
      piece.taken();
      if (!piece.done) continue;
      this.#finished = true;
      return;
    }
  }

  async #next(): Promise<Piece> {
    while (this.#piece === null && !this.#superseded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#superseded || this.#piece === null) {
      throw new RaftError('snapshot_superseded', 'A newer snapshot replaces this one; restore that instead.');
    }
    const piece = this.#piece;
    this.#piece = null;
    return piece;
  }
}
