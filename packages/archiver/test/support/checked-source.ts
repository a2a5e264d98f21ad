import { fail } from 'node:assert/strict';
import type { Acknowledgement, ArchiveRow } from '../../src/index.js';
import { MemorySource } from '../../src/testing/index.js';
import { lineOf, type MemoryArchive } from './memory-archive.js';

/** A source that looks into the archive at every acknowledgement, and knows all that was ever appended. */
export class CheckedSource extends MemorySource {
  beforeAcknowledge: () => void = () => undefined;
  readonly #archive: MemoryArchive;
  readonly #appended = new Map<string, Map<string, ArchiveRow>>();

  constructor(archive: MemoryArchive) {
    super();
    this.#archive = archive;
  }

  grow(contextId: string, messages: number): void {
    for (let count = 0; count < messages; count += 1) this.append(contextId);
    const life = this.lifeOf(contextId);
    if (life === null) return;
    const rows = this.#appended.get(contextId) ?? new Map<string, ArchiveRow>();
    for (const row of this.waiting(contextId)) rows.set(`${row.life} ${row.seq}`, row);
    this.#appended.set(contextId, rows);
  }

  override erase(contextId: string): void {
    super.erase(contextId);
    this.#appended.delete(contextId);
  }

  override acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<readonly Acknowledgement[]> {
    for (const { contextId, life, seq } of acknowledgements) {
      if (this.lifeOf(contextId) !== life) continue;
      for (const row of this.waiting(contextId)) {
        if (row.seq <= seq && !this.#archive.has(row))
          fail(`${contextId} ${row.seq} was acknowledged, not archived`);
      }
    }
    this.beforeAcknowledge();
    return super.acknowledge(acknowledgements);
  }

  /** Every message is in the archive, byte for byte, or still here. */
  expectNothingLost(): void {
    const archived = new Map(this.#archive.rows().map((row) => [`${row.life} ${row.seq}`, row]));
    for (const [contextId, rows] of this.#appended) {
      const waiting = new Set(this.waiting(contextId).map(({ seq }) => seq));
      for (const [key, row] of rows) {
        const there = archived.get(key);
        if (there === undefined && !waiting.has(row.seq)) fail(`${contextId} ${row.seq} is nowhere`);
        if (there !== undefined && lineOf(there) !== lineOf(row)) fail(`${contextId} ${row.seq} is another`);
      }
    }
  }

  /** Lives that may have rows in the archive once every erasure is done. */
  livingLives(): ReadonlySet<string> {
    return new Set(
      [...this.#appended.values()].flatMap((rows) => [...rows.values()].map(({ life }) => life)),
    );
  }
}
