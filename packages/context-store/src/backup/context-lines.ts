import { encodeOutline, encodeWindowState } from '@fastpaca/token-budget';
import type {
  BackupChangesLine,
  BackupContextEndLine,
  BackupContextLine,
  BackupGoneLine,
  BackupKeysLine,
} from '@fastpaca/protocol';

import type { RememberedKey } from '../command/command.js';
import { decodeProfile, decodeRecord } from '../context/context-codec.js';
import type { ContextId } from '../context/context-id.js';
import type { ContextProfile, ContextRecord } from '../context/context-record.js';
import { messageJson } from '../message/message-json.js';
import { openStored } from '../message/stored-message.js';
import type { BackupSource, ContextHead, RunPage, RunQuery } from './backup-source.js';

/**
 * The lines of one context, each with its newline. Returns how many messages they hold; `gone` where the
 * context was erased meanwhile, which the last line says too.
 */
export async function* contextLines(
  source: BackupSource,
  id: ContextId,
  head: ContextHead,
): AsyncGenerator<Uint8Array, number | 'gone', undefined> {
  const record = decodeRecord(head.record);
  yield contextLine(id, head, record);
  for (const stored of head.replacement) yield messageLine('replacement', null, stored);

  const { life } = head;
  const messages = runs((query) => source.messages(id, query), { life, from: 1, to: record.lastSeq });
  for await (const run of messages) {
    if (run === null) return yield* gone(id);
    for (const { number, bytes } of run) yield messageLine('message', number, bytes);
  }
  const changes = runs((query) => source.changes(id, query), { life, from: 1, to: record.version });
  for await (const run of changes) {
    if (run === null) return yield* gone(id);
    const [first] = run;
    if (first === undefined) break;
    const entries = run.map(({ bytes }) => toBase64(bytes));
    yield lineOf<BackupChangesLine>({ type: 'changes', from: first.number, entries });
  }
  let keys = 0;
  for (let from = record.queue.head; from < record.queue.tail;) {
    const page = await source.keys(id, { life, from, to: record.queue.tail - 1 });
    if (page === null) return yield* gone(id);
    // One that was forgotten and used again since belongs to a version that this copy does not have.
    const entries = page.keys.filter(({ version }) => version <= record.version).map(keyEntry);
    if (entries.length > 0) yield lineOf<BackupKeysLine>({ type: 'keys', entries });
    keys += entries.length;
    from = page.next;
  }
  yield lineOf<BackupContextEndLine>({ type: 'context_end', id, messages: record.lastSeq, keys });
  return record.lastSeq;
}

function* gone(id: ContextId): Generator<Uint8Array, 'gone', undefined> {
  yield lineOf<BackupGoneLine>({ type: 'gone', id });
  return 'gone';
}

/** The first line of a context. Two contexts with equal ones hold the same. */
export function contextLine(id: ContextId, { profile }: ContextHead, record: ContextRecord): Uint8Array {
  return lineOf<BackupContextLine>({
    type: 'context',
    id,
    ...settingsOf(decodeProfile(profile)),
    status: record.status,
    version: record.version,
    last_seq: record.lastSeq,
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
    appends: record.appends,
    window: toBase64(encodeWindowState(record.window)),
  });
}

const settingsOf = ({ tokenBudget, triggerRatio, policy, metadata }: ContextProfile) => ({
  token_budget: tokenBudget,
  trigger_ratio: triggerRatio,
  policy,
  metadata,
});

/** The message goes in as it is stored, byte for byte, and last: see `messageOf` in parse-line.ts. */
function messageLine(type: 'message' | 'replacement', seq: number | null, stored: Uint8Array): Uint8Array {
  const { outline, body } = openStored(stored);
  const start = Buffer.from(messageLineStart(type, toBase64(encodeOutline(outline))));
  return Buffer.concat([start, messageJson(seq, body), lineEnd]);
}

export const messageLineStart = (type: 'message' | 'replacement', outline: string): string =>
  `{"type":"${type}","outline":"${outline}","message":`;

const lineEnd = Buffer.from('}\n');

/** The pages of a run, one after another; ends after one that is null, or empty. */
async function* runs(
  read: (query: RunQuery) => Promise<RunPage>,
  query: RunQuery,
): AsyncGenerator<RunPage, void, undefined> {
  for (let from = query.from; from <= query.to;) {
    const run = await read({ ...query, from });
    yield run;
    const last = run?.at(-1);
    if (last === undefined) return;
    from = last.number + 1;
  }
}

const keyEntry = ({ kind, key, append, at, hash, version, results }: RememberedKey) => ({
  kind,
  key,
  append,
  at,
  hash: toBase64(hash),
  version,
  results: results.map(({ seq, tokens }): [number, number] => [seq, tokens]),
});

const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

export function lineOf<T extends { readonly type: string }>(line: T): Uint8Array {
  return Buffer.from(`${JSON.stringify(line)}\n`);
}
