import type { KeyPair } from './key-op.js';
import type { KeySpace } from './key-space.js';

/**
 * Fills a key space anew beside the one that reads see. Everything goes through the store's ordinary
 * writes, so wait for `space.durable(token)` now and then instead of staging a whole snapshot at once.
 *
 * ```ts
 * const restore = space.beginRestore();
 * for await (const pairs of chunks) await space.durable(restore.put(pairs));
 * await space.durable(restore.finish());
 * ```
 */
export class Restore {
  readonly #epoch: number;
  readonly #space: KeySpace;

  /** @internal Made by `KeySpace.beginRestore`. */
  constructor(epoch: number, space: KeySpace) {
    this.#epoch = epoch;
    this.#space = space;
  }

  /**
   * Stages pairs of the new key space. Returns a token, as `KeySpace.stage` does.
   * @throws LogStorageError `staged_full`: wait for an earlier token; `invalid_write`: another restore began.
   */
  put(pairs: readonly KeyPair[]): number {
    return this.#space.stageRestored(this.#epoch, pairs);
  }

  /** Makes the new keys the key space, in one batch. Returns its token. */
  finish(): number {
    return this.#space.switchTo(this.#epoch);
  }

  /** Gives the restore up; the key space stays as it was. */
  abort(): number {
    return this.#space.abandon(this.#epoch);
  }
}
