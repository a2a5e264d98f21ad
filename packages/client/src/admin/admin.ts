import type { ImportAnswer } from '@fastpaca/protocol';
import type { CallOptions } from '../context/append.js';
import { errorOf } from '../errors/error-of.js';
import { mayHaveApplied, type Failure } from '../http/failure.js';
import { BrokenAnswer, readJson, type Http } from '../http/http.js';

export interface BackupOptions extends CallOptions {
  /** Only ids that begin with this. */
  readonly prefix?: string | undefined;
  /** Only these contexts; one that does not exist is a `NotFoundError`. */
  readonly ids?: readonly string[] | undefined;
}

export interface ImportOptions extends CallOptions {
  /** Contexts that are there and differ are replaced. Default false: they are left, and reported. */
  readonly overwrite?: boolean | undefined;
}

/** What an import did. */
export interface ImportReport {
  readonly imported: number;
  readonly replaced: number;
  /** Contexts that were there already, the same in every byte. */
  readonly unchanged: number;
  /** Messages that were written. */
  readonly messages: number;
  /** The first 1,000 contexts that were left as they are. */
  readonly conflicts: readonly { readonly id: string; readonly reason: string }[];
  readonly conflictCount: number;
}

const ndjson = 'application/x-ndjson';

/** Backup and import of whole contexts. */
export class Admin {
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  /**
   * A backup as NDJSON: of all contexts, or of some. It is whole only with its last line, of the type
   * `end`; where the connection breaks, the stream fails or ends without it. `signal` ends the stream too.
   */
  async backup({ prefix, ids, signal }: BackupOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const call = {
      method: 'GET',
      path: '/v1/admin/backup',
      query: { prefix, ids: ids?.join(',') },
      headers: { accept: ndjson },
      repetition: 'read',
      signal,
    } as const;
    return this.http.request(call, async (response) => {
      const { body } = response;
      if (body === null) throw new BrokenAnswer(response.status, 'no body');
      // The call ends here, and its signal with it; the stream has an hour to go, maybe.
      return signal === undefined ? body : body.pipeThrough(new TransformStream(), { signal });
    });
  }

  /**
   * Imports a backup while it is read. Where it fails, contexts that were complete are there; import the
   * whole backup again, what is there is skipped. Needs a `fetch` that sends streams (Node, Deno, Bun).
   */
  async import(backup: ReadableStream<Uint8Array>, options: ImportOptions = {}): Promise<ImportReport> {
    const { url, index } = this.http.nodes.pick();
    const path = '/v1/admin/import';
    // A stream can be sent once only: there is no second try.
    const call = {
      method: 'POST',
      path,
      query: { on_conflict: options.overwrite === true ? 'overwrite' : undefined },
      headers: { 'content-type': ndjson },
      body: backup,
      repetition: 'once',
      timeoutMs: Infinity,
      signal: options.signal,
    } as const;
    const tried = await this.http.once(call, url, readJson);
    if (tried.ok) return toReport(tried.value as ImportAnswer);
    const { failure } = tried;
    this.http.nodes.failed(index);
    throw errorOf(failure, {
      attempts: 1,
      outcomeUnknown: !refusedUnread(failure),
      call: `POST ${url}${path}`,
    });
  }
}

/**
 * Whether the first line of the backup was never read. Any other failure may come after contexts of it
 * were written, a 503 that says "nothing was written" too: it speaks of one of them.
 */
const refusedUnread = (failure: Failure): boolean =>
  failure.kind === 'answer' ? failure.status === 401 || failure.status === 429 : !mayHaveApplied(failure);

const toReport = ({ conflict_count, ...counts }: ImportAnswer): ImportReport => ({
  ...counts,
  conflictCount: conflict_count,
});
