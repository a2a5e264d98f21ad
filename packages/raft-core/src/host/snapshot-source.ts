import type { NodeId } from '../ids.js';
import type { ChunkToSend } from '../group/snapshot-send.js';
import type { SnapshotSource } from '../state-machine/state-machine.js';

const empty = new Uint8Array(0);

/**
 * Reads a state machine's copy in pieces of a bounded size and keeps the last piece, so that a lost
 * chunk can be sent again. It cannot go back further.
 */
export class SnapshotReader {
  readonly to: NodeId;
  readonly id: number;
  readonly #source: SnapshotSource;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #maxBytes: number;
  /** Read from the source and not sent. */
  #rest: Uint8Array = empty;
  #ended = false;
  #last: ChunkToSend | null = null;
  #released = false;

  constructor(to: NodeId, id: number, source: SnapshotSource, maxBytes: number) {
    this.to = to;
    this.id = id;
    this.#source = source;
    this.#chunks = source.chunks[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
  }

  /** The chunk at `offset`: the next one, or the last one again; null where it is gone. */
  async read(offset: number): Promise<ChunkToSend | null> {
    const last = this.#last;
    if (last !== null && offset === last.offset) return last;
    const expected = last === null ? 0 : last.offset + last.data.length;
    if (this.#released || offset !== expected || last?.done === true) return null;
    await this.#fill();
    const data = this.#rest.subarray(0, this.#maxBytes);
    this.#rest = this.#rest.subarray(data.length);
    // Whether it is the last one shows only when there is nothing after it.
    await this.#fill();
    const done = this.#ended && this.#rest.length === 0;
    this.#last = { index: this.#source.index, offset, data, done };
    return this.#last;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#chunks.return?.();
    await this.#source.release();
  }

  async #fill(): Promise<void> {
    while (this.#rest.length === 0 && !this.#ended) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#ended = true;
      else this.#rest = next.value;
    }
  }
}
