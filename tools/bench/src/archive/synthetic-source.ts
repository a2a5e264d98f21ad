import type { Acknowledgement, ArchiveRow, ArchiveSource, PendingContext } from '@fastpaca/archiver';
import { contextId } from '../workload/requests.ts';
import { seededRandom } from '../workload/random.ts';
import { englishText } from '../workload/text.ts';

export interface SourceShape {
  readonly messages: number;
  readonly contexts: number;
  readonly messageBytes: number;
  readonly seed: number;
}

const distinctTexts = 1_024;
const insertedAt = Date.UTC(2026, 0, 1);
const life = 'bench';

/** Messages that are made when they are read: a million of them take no memory. */
export class SyntheticSource implements ArchiveSource {
  readonly #archived: number[];
  readonly #lastSeqs: number[];
  readonly #texts: string[];

  constructor({ messages, contexts, messageBytes, seed }: SourceShape) {
    const random = seededRandom(seed);
    this.#archived = new Array<number>(contexts).fill(0);
    this.#lastSeqs = this.#archived.map(
      (_, index) => Math.floor(messages / contexts) + (index < messages % contexts ? 1 : 0),
    );
    this.#texts = Array.from({ length: distinctTexts }, () =>
      JSON.stringify(englishText(random, messageBytes)),
    );
  }

  /** Every message, context by context. */
  *rows(): Generator<ArchiveRow> {
    for (const [index, lastSeq] of this.#lastSeqs.entries()) {
      for (let seq = 1; seq <= lastSeq; seq += 1) yield this.#row(index, seq);
    }
  }

  all(): PendingContext[] {
    return this.#lastSeqs.map((lastSeq, index) => ({
      contextId: contextId(index),
      life,
      archivedSeq: 0,
      lastSeq,
    }));
  }

  pending({ after, limit }: { after: string | null; limit: number }): Promise<{
    contexts: readonly PendingContext[];
    next: string | null;
  }> {
    const contexts: PendingContext[] = [];
    for (let index = after === null ? 0 : indexOf(after) + 1; index < this.#lastSeqs.length; index += 1) {
      const [archivedSeq = 0, lastSeq = 0] = [this.#archived[index], this.#lastSeqs[index]];
      if (archivedSeq === lastSeq) continue;
      contexts.push({ contextId: contextId(index), life, archivedSeq, lastSeq });
      if (contexts.length === limit) break;
    }
    return Promise.resolve({ contexts, next: contexts.at(-1)?.contextId ?? null });
  }

  read(
    context: PendingContext,
    range: { fromSeq: number; toSeq: number; maxRows: number; maxBytes: number },
  ): Promise<readonly ArchiveRow[]> {
    const rows: ArchiveRow[] = [];
    let bytes = 0;
    for (let seq = range.fromSeq; seq <= range.toSeq && rows.length < range.maxRows; seq += 1) {
      const row = this.#row(indexOf(context.contextId), seq);
      bytes += row.body.byteLength;
      if (rows.length > 0 && bytes > range.maxBytes) break;
      rows.push(row);
    }
    return Promise.resolve(rows);
  }

  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<readonly Acknowledgement[]> {
    for (const { contextId: id, seq } of acknowledgements) this.#archived[indexOf(id)] = seq;
    return Promise.resolve(acknowledgements);
  }

  erasures(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  erased(): Promise<void> {
    return Promise.resolve();
  }

  #row(index: number, seq: number): ArchiveRow {
    const role = seq % 2 === 1 ? 'user' : 'assistant';
    const text = this.#texts[(index * 31 + seq) % distinctTexts] ?? '""';
    const time = new Date(insertedAt + seq * 1_000);
    const body = Buffer.from(
      `{"seq":${String(seq)},"role":"${role}","parts":[{"type":"text","text":${text}}],"metadata":{},` +
        `"token_count":55,"inserted_at":"${time.toISOString()}"}`,
    );
    return { contextId: contextId(index), life, seq, role, body, tokenCount: 55, insertedAt: time.getTime() };
  }
}

function indexOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}
