import type { GroupId } from '@fastpaca/raft-core';
import { LogStorageError } from '../errors.js';
import { checkLimits } from './key-limits.js';
import type { KeyPair } from './key-op.js';
import type { KeySpace, SpaceHost } from './key-space.js';
import { encodePut } from './state-value.js';

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
  readonly #group: GroupId;
  readonly #epoch: number;
  readonly #host: SpaceHost;
  readonly #space: KeySpace;

  /** @internal Made by `KeySpace.beginRestore`. */
  constructor(group: GroupId, epoch: number, host: SpaceHost, space: KeySpace) {
    this.#group = group;
    this.#epoch = epoch;
    this.#host = host;
    this.#space = space;
  }

  /**
   * Stages pairs of the new key space. Returns a token, as `KeySpace.stage` does.
   * @throws LogStorageError `staged_full`: wait for an earlier token; `invalid_write`: another restore began.
   */
  put(pairs: readonly KeyPair[]): number {
    this.#host.alive();
    if (!this.#space.isRestoring(this.#epoch))
      throw new LogStorageError(
        'invalid_write',
        `Group ${this.#group}: this restore is over; begin a new one.`,
      );
    checkLimits(pairs.map(([key, value]) => ({ type: 'put', key, value })));
    this.#host.admit(pairs.reduce((bytes, [key, value]) => bytes + key.length + value.length, 0));
    const seq = this.#host.nextSeq();
    for (const [key, value] of pairs) {
      this.#space.stageEncoded(encodePut(this.#group, this.#epoch, key, value, seq));
    }
    return seq;
  }

  /** Makes the new keys the key space, in one batch. Returns its token. */
  finish(): number {
    this.#host.alive();
    this.#space.switchTo(this.#epoch);
    return this.#host.nextSeq();
  }

  /** Gives the restore up; the key space stays as it was. */
  abort(): number {
    this.#host.alive();
    this.#space.abandon(this.#epoch);
    return this.#host.nextSeq();
  }
}
