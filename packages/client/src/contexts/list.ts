import type { ContextAnswer, ListContextsAnswer } from '@fastpaca/protocol';
import type { CallOptions } from '../context/append.js';
import { toContextInfo, type ContextInfo } from '../context/context-info.js';
import type { Http } from '../http/http.js';

export interface ListOptions extends CallOptions {
  /** Contexts per page, at most 1,000. Default 100. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  readonly status?: 'active' | 'tombstoned' | undefined;
  /** Only ids that begin with this. */
  readonly prefix?: string | undefined;
  /** Only contexts whose metadata has these values. */
  readonly metadata?: Readonly<Record<string, string | number | boolean>> | undefined;
}

export interface ContextPage {
  readonly contexts: readonly ContextInfo[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** The contexts of the store. */
export class Contexts {
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  /** One page, by id. */
  async list(options: ListOptions = {}): Promise<ContextPage> {
    const { limit, cursor, status, prefix, metadata = {}, signal } = options;
    const wanted = Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value] as const);
    const answer = (await this.http.json({
      method: 'GET',
      path: '/v1/contexts',
      query: { limit, cursor, status, prefix, ...Object.fromEntries(wanted) },
      repetition: 'read',
      signal,
    })) as ListContextsAnswer;
    return {
      contexts: answer.contexts.map((context: ContextAnswer) => toContextInfo(context)),
      nextCursor: answer.next_cursor,
    };
  }

  /** Every context that matches, page by page: `for await (const context of client.contexts.all()) …`. */
  async *all(options: Omit<ListOptions, 'cursor'> = {}): AsyncGenerator<ContextInfo, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: ContextPage = await this.list({ ...options, cursor });
      yield* page.contexts;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}
