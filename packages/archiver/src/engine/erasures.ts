import { afterFailure, noBackoff, type Backoff } from '../plan/backoff.js';
import { withDeadline } from './deadline.js';
import { failing, toFailure, type RoundFailure } from './failure.js';
import type { ArchiverSettings } from './options.js';
import { Slots } from './slots.js';

const pageSize = 100;
/** Of one round, so that a long list of erasures does not keep messages from being archived. */
const maximumPages = 10;

/** Carries out erasures, with pauses of its own after failures: archiving goes on meanwhile. */
export class Erasures {
  readonly #settings: ArchiverSettings;
  readonly #slot = new Slots(1);
  #backoff: Backoff = noBackoff;

  constructor(settings: ArchiverSettings) {
    this.#settings = settings;
  }

  /** @returns The failure, if there was one; it was reported. */
  async run(stopping: () => boolean): Promise<RoundFailure | null> {
    const now = performance.now();
    if (now < this.#backoff.until || this.#slot.full) return null;
    try {
      for (let page = 0; page < maximumPages && !stopping(); page += 1) {
        if ((await this.#page(stopping)) < pageSize) break;
      }
      this.#backoff = noBackoff;
      return null;
    } catch (error) {
      const failure = toFailure('archive', error);
      const { firstBackoffMs: firstMs, largestBackoffMs: largestMs, random, observer } = this.#settings;
      this.#backoff = afterFailure(this.#backoff, { firstMs, largestMs }, now, random());
      observer.onFailure?.({ of: failure.of, error: failure.cause, retryInMs: this.#backoff.until - now });
      return failure;
    }
  }

  async #page(stopping: () => boolean): Promise<number> {
    const { source, adapter, observer, adapterTimeoutMs, sourceTimeoutMs } = this.#settings;
    const listing = source.erasures({ limit: pageSize });
    const page = await failing('source', withDeadline(listing, sourceTimeoutMs, 'Listing erasures'));
    for (const erasure of page) {
      if (stopping()) return 0;
      const erasing = this.#slot.run(() => adapter.erase(erasure));
      await failing('archive', withDeadline(erasing, adapterTimeoutMs, 'An erasure in the archive'));
      observer.onErased?.(erasure);
      await failing('source', withDeadline(source.erased(erasure), sourceTimeoutMs, 'Ending an erasure'));
    }
    return page.length;
  }
}
