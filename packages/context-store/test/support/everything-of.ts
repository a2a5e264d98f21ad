import { StoreError, type ContextStore, type StreamChange } from '../../src/index.js';

/** All that a client can read of a store, as texts: two stores with equal ones answer alike. */
export async function everythingOf(store: ContextStore): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (let cursor: string | undefined; ;) {
    const page = await store.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.contexts) all[id] = await contextOf(store, id);
    if (page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
}

async function contextOf(store: ContextStore, id: string): Promise<Record<string, unknown>> {
  return {
    context: JSON.stringify(await store.get(id)),
    messages: await textOf(await store.export(id)),
    window: await windowOf(store, id),
    changes: await changesOf(store, id),
  };
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

async function windowOf(store: ContextStore, id: string): Promise<unknown> {
  try {
    // The tag tells the lives of an id apart: it is another one in another store.
    const { messages, etag: _, ...rest } = await store.window(id);
    return { ...rest, messages: messages.map((json) => Buffer.from(json).toString()) };
  } catch (error) {
    if (error instanceof StoreError) return { code: error.code, details: error.details };
    throw error;
  }
}

async function changesOf(store: ContextStore, id: string): Promise<unknown> {
  const changes: unknown[] = [];
  let page = await store.openStream(id, { cursor: 0 });
  for (;;) {
    page = await store.changes(id, page.next, { waitMs: 1 });
    if (page.changes.length === 0) return changes;
    changes.push(...page.changes.map(asText));
    if (page.ended) return changes;
  }
}

const asText = (change: StreamChange): unknown =>
  change.type === 'message' && change.message instanceof Uint8Array
    ? { ...change, message: Buffer.from(change.message).toString() }
    : change;
