import { createHash } from 'node:crypto';

import { backupFormat, backupVersion, type BackupEndLine, type BackupHeaderLine } from '@fastpaca/protocol';

import { contextId, type ContextId } from '../context/context-id.js';
import { notFound } from '../context/find-context.js';
import type { BackupSource } from './backup-source.js';
import { contextLines, lineOf } from './context-lines.js';

export interface BackupOptions {
  /** Only ids that begin with this. Default: all. */
  readonly prefix?: string;
  /** Only these contexts; each of them must be there. */
  readonly ids?: readonly string[];
}

/** What a backup holds so far. */
interface Totals {
  contexts: number;
  messages: number;
}

const chunkBytes = 256 << 10;

/**
 * The bytes of a backup in chunks of whole lines, each made when it is asked for. Resolves once the
 * contexts that `ids` names are known to be there.
 *
 * @throws StoreError `context_not_found`, `invalid_context_id`
 */
export async function writeBackup(
  source: BackupSource,
  { prefix = '', ids }: BackupOptions,
  createdAt: number,
): Promise<AsyncIterable<Uint8Array>> {
  if (ids === undefined) return chunks(allIds(source, prefix), source, createdAt);
  const names = [...new Set(ids)].map(contextId);
  for (const id of names) if ((await source.head(id)) === null) throw notFound(id);
  return chunks(names, source, createdAt);
}

async function* chunks(
  ids: AsyncIterable<ContextId> | readonly ContextId[],
  source: BackupSource,
  createdAt: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  const totals: Totals = { contexts: 0, messages: 0 };
  for await (const chunk of inChunks(lines(ids, source, createdAt, totals))) {
    hash.update(chunk);
    yield chunk;
  }
  yield lineOf<BackupEndLine>({ type: 'end', ...totals, sha256: hash.digest('hex') });
}

async function* lines(
  ids: AsyncIterable<ContextId> | readonly ContextId[],
  source: BackupSource,
  createdAt: number,
  totals: Totals,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield lineOf<BackupHeaderLine>({
    type: 'header',
    format: backupFormat,
    version: backupVersion,
    created_at: new Date(createdAt).toISOString(),
  });
  for await (const id of ids) {
    const head = await source.head(id);
    // Erased since its id was read.
    if (head === null) continue;
    const messages = yield* contextLines(source, id, head);
    if (messages === 'gone') continue;
    totals.contexts += 1;
    totals.messages += messages;
  }
}

async function* inChunks(lines: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const line of lines) {
    waiting.push(line);
    bytes += line.length;
    if (bytes < chunkBytes) continue;
    yield Buffer.concat(waiting, bytes);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

async function* allIds(source: BackupSource, prefix: string): AsyncGenerator<ContextId, void, undefined> {
  let cursor: string | null = null;
  do {
    const page = await source.ids(prefix, cursor);
    yield* page.ids.map(contextId);
    cursor = page.next;
  } while (cursor !== null);
}
