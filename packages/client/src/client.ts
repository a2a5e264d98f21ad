import { Admin } from './admin/admin.js';
import { Cluster } from './cluster/cluster.js';
import type { CallOptions } from './context/append.js';
import { Context } from './context/context.js';
import { toPutBody, type ContextSettings } from './context/context-info.js';
import { deleteContext, type DeleteOptions } from './context/delete.js';
import { contextPath } from './context/path.js';
import { Contexts } from './contexts/list.js';
import { Http, type ClientOptions } from './http/http.js';
import type { Message, MessageShape } from './message/message.js';

/** A client of one store. Make one per process; it holds no connection of its own. */
export interface Client {
  /**
   * A context. With settings it is created, or updated where it exists: what they leave out keeps its
   * value. `{}` creates it with the defaults. Without settings nothing is sent, and the first call on
   * a context that does not exist throws `NotFoundError`.
   *
   * ```ts
   * const ctx = await client.context<UIMessage>('chat-42', { budget: 8000 });
   * ```
   *
   * The type argument is the type of the messages as they are read; nothing checks it.
   *
   * @throws TombstonedError where it was deleted; `reactivate: true` brings it back
   */
  context<M extends MessageShape = Message>(
    id: string,
    settings?: ContextSettings,
    options?: CallOptions,
  ): Promise<Context<M>>;
  readonly contexts: Contexts;
  /** Backup and import. */
  readonly admin: Admin;
  readonly cluster: Cluster;
  /** Makes a context read-only; with `erase`, removes it for good. */
  deleteContext(id: string, options?: DeleteOptions): Promise<void>;
}

/**
 * Makes a client.
 *
 * ```ts
 * import { createClient } from '@fastpaca/fastpaca';
 *
 * const client = createClient({ baseUrl: 'http://localhost:4000' });
 * const ctx = await client.context('chat-42', { budget: 8000 });
 * await ctx.append({ role: 'user', parts: [{ type: 'text', text: 'Where is my order?' }] });
 * const { messages } = await ctx.context();
 * ```
 *
 * @throws TypeError where an option is not usable
 */
export function createClient(options: ClientOptions): Client {
  const http = new Http(options);
  return {
    async context<M extends MessageShape = Message>(
      id: string,
      settings?: ContextSettings,
      { signal }: CallOptions = {},
    ): Promise<Context<M>> {
      const path = contextPath(id);
      if (settings !== undefined) {
        await http.json({ method: 'PUT', path, body: toPutBody(settings), repetition: 'repeatable', signal });
      }
      return new Context<M>(http, id);
    },
    contexts: new Contexts(http),
    admin: new Admin(http),
    cluster: new Cluster(http),
    deleteContext: (id, deletion = {}) => deleteContext(http, id, deletion),
  };
}
