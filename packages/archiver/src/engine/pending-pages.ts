import type { ArchiveSource, PendingContext } from '../archive-source.js';

const maximumPage = 1_000;

/** One pass over all contexts that wait, page by page. */
export class PendingPages {
  readonly #pending: ArchiveSource['pending'];
  readonly #limit: number;
  #after: string | null = null;
  #ended = false;

  constructor(pending: ArchiveSource['pending'], limit: number) {
    this.#pending = pending;
    this.#limit = Math.min(limit, maximumPage);
  }

  get ended(): boolean {
    return this.#ended;
  }

  async next(): Promise<readonly PendingContext[]> {
    if (this.#ended) return [];
    const { contexts, next } = await this.#pending({ after: this.#after, limit: this.#limit });
    this.#after = next;
    this.#ended = next === null || contexts.length === 0;
    return contexts;
  }
}
