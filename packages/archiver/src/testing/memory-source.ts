import type { ArchiveRow } from '../archive-row.js';
import type { Acknowledgement, ArchiveSource, PendingContext, PendingErasure } from '../archive-source.js';

interface MemoryContext {
  readonly life: string;
  archivedSeq: number;
  lastSeq: number;
  /** Rows that are not acknowledged: what is acknowledged is dropped, as a store would trim it. */
  rows: ArchiveRow[];
}

/** What `append` needs to know of a message. */
export interface MemoryMessage {
  readonly role?: string;
  /** Complete JSON. Default: a short text. */
  readonly body?: Uint8Array;
  readonly tokenCount?: number;
  readonly insertedAt?: number;
}

/**
 * A source in memory, for tests and examples. It keeps the whole contract: watermarks that only grow, lives,
 * and pending erasures that withhold the next life of their id.
 */
export class MemorySource implements ArchiveSource {
  readonly #contexts = new Map<string, MemoryContext>();
  readonly #erasures: PendingErasure[] = [];
  #lives = 0;

  /** @returns The row's seq. */
  append(contextId: string, message: MemoryMessage = {}): number {
    const context = this.#contexts.get(contextId) ?? this.#create(contextId);
    context.lastSeq += 1;
    const seq = context.lastSeq;
    const { role = 'user', tokenCount = 3, insertedAt = Date.now() } = message;
    const body =
      message.body ??
      Buffer.from(
        `{"seq":${seq},"role":"${role}","parts":[{"type":"text","text":"no. ${seq}"}],"metadata":{}}`,
      );
    context.rows.push({ contextId, life: context.life, seq, role, body, tokenCount, insertedAt });
    return seq;
  }

  /** Removes the context here, and asks for its rows to be removed from the archive. */
  erase(contextId: string): void {
    const context = this.#contexts.get(contextId);
    if (context === undefined) return;
    this.#contexts.delete(contextId);
    this.#erasures.push({ contextId, life: context.life });
  }

  /** Rows that are not acknowledged, of one context or of all. */
  waiting(contextId?: string): readonly ArchiveRow[] {
    if (contextId !== undefined) return this.#contexts.get(contextId)?.rows ?? [];
    return [...this.#contexts.values()].flatMap(({ rows }) => rows);
  }

  lifeOf(contextId: string): string | null {
    return this.#contexts.get(contextId)?.life ?? null;
  }

  pending({ after, limit }: { readonly after: string | null; readonly limit: number }): Promise<{
    readonly contexts: readonly PendingContext[];
    readonly next: string | null;
  }> {
    const withheld = new Set(this.#erasures.map(({ contextId }) => contextId));
    const page = [...this.#contexts]
      .filter(([id, { archivedSeq, lastSeq }]) => archivedSeq < lastSeq && !withheld.has(id))
      .filter(([id]) => after === null || id > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([contextId, { life, archivedSeq, lastSeq }]) => ({ contextId, life, archivedSeq, lastSeq }));
    return Promise.resolve({ contexts: page, next: page.at(-1)?.contextId ?? null });
  }

  read(
    { contextId, life }: PendingContext,
    range: {
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly maxRows: number;
      readonly maxBytes: number;
    },
  ): Promise<readonly ArchiveRow[]> {
    const context = this.#contexts.get(contextId);
    if (context?.life !== life) return Promise.resolve([]);
    const found: ArchiveRow[] = [];
    let bytes = 0;
    for (const row of context.rows) {
      if (row.seq < range.fromSeq) continue;
      if (row.seq > range.toSeq || found.length === range.maxRows) break;
      bytes += row.body.byteLength;
      if (found.length > 0 && bytes > range.maxBytes) break;
      found.push(row);
    }
    return Promise.resolve(found);
  }

  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<readonly Acknowledgement[]> {
    return Promise.resolve(acknowledgements.filter((each) => this.#acknowledge(each)));
  }

  erasures({ limit }: { readonly limit: number }): Promise<readonly PendingErasure[]> {
    return Promise.resolve(this.#erasures.slice(0, limit));
  }

  erased({ contextId, life }: PendingErasure): Promise<void> {
    const at = this.#erasures.findIndex((each) => each.contextId === contextId && each.life === life);
    if (at !== -1) this.#erasures.splice(at, 1);
    return Promise.resolve();
  }

  #create(contextId: string): MemoryContext {
    this.#lives += 1;
    const context = { life: `life-${this.#lives}`, archivedSeq: 0, lastSeq: 0, rows: [] };
    this.#contexts.set(contextId, context);
    return context;
  }

  #acknowledge({ contextId, life, seq }: Acknowledgement): boolean {
    const context = this.#contexts.get(contextId);
    if (context?.life !== life || seq <= context.archivedSeq || seq > context.lastSeq) return false;
    context.archivedSeq = seq;
    context.rows = context.rows.filter((row) => row.seq > seq);
    return true;
  }
}
