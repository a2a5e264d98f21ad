import {
  backupLine,
  type BackupContextLine,
  type BackupLine,
  type BackupMessageLine,
} from '@fastpaca/protocol';

import type { ImportedContext, ImportEntry } from '../command/command.js';
import { contentHashBytes } from '../command/command.js';
import { StoreError } from '../store-error.js';
import { messageLineStart } from './context-lines.js';
import type { Line } from './split-lines.js';
import { storedOf } from './stored-of.js';

/** A line of a backup, as an import needs it. */
export type ParsedLine = { readonly line: Line } & (
  | { readonly type: 'header'; readonly version: number }
  | { readonly type: 'context'; readonly id: string; readonly context: ImportedContext }
  | {
      readonly type: 'entries';
      readonly entries: readonly ImportEntry[];
      /** Of a message; null for anything else. */
      readonly seq: number | null;
    }
  | { readonly type: 'context_end' | 'gone'; readonly id: string }
  | { readonly type: 'end'; readonly contexts: number; readonly messages: number; readonly sha256: string }
);

export type LineOf<T extends ParsedLine['type']> = Extract<ParsedLine, { type: T }>;

/** @throws StoreError `invalid_backup` naming the line */
export function parseLine(line: Line): ParsedLine {
  const parsed = readJson(line);
  switch (parsed.type) {
    case 'header':
      return { type: 'header', version: parsed.version, line };
    case 'context':
      return { type: 'context', id: parsed.id, context: contextOf(parsed, line), line };
    case 'message':
    case 'replacement':
      return {
        type: 'entries',
        entries: [{ section: parsed.type, stored: messageOf(parsed, line) }],
        seq: parsed.message.seq,
        line,
      };
    case 'changes':
      return {
        type: 'entries',
        entries: parsed.entries.map((entry, index) => ({
          section: 'change',
          version: parsed.from + index,
          entry: fromBase64(entry),
        })),
        seq: null,
        line,
      };
    case 'keys':
      return { type: 'entries', entries: parsed.entries.map((entry) => keyOf(entry, line)), seq: null, line };
    case 'context_end':
    case 'gone':
      return { type: parsed.type, id: parsed.id, line };
    case 'end':
      return { ...parsed, line };
  }
}

function readJson(line: Line): BackupLine {
  let value: unknown;
  try {
    value = JSON.parse(line.bytes.toString('utf8'));
  } catch (cause) {
    throw invalidLine(line, 'is not JSON', cause);
  }
  const result = backupLine.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalidLine(
    line,
    `is not one of a backup: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  );
}

function contextOf(parsed: BackupContextLine, line: Line): ImportedContext {
  return {
    status: parsed.status,
    version: parsed.version,
    lastSeq: parsed.last_seq,
    createdAt: timeOf(parsed.created_at, line),
    updatedAt: timeOf(parsed.updated_at, line),
    appends: parsed.appends,
    window: fromBase64(parsed.window),
    tokenBudget: parsed.token_budget,
    triggerRatio: parsed.trigger_ratio,
    policy: JSON.stringify(parsed.policy),
    metadata: JSON.stringify(parsed.metadata),
  };
}

/**
 * The message as it is stored. Its text is taken out of the line byte for byte, so it must stand where a
 * backup puts it: last.
 */
function messageOf({ type, outline, message }: BackupMessageLine, line: Line): Uint8Array {
  if ((type === 'message') === (message.seq === null)) throw invalidLine(line, 'has a seq that cannot be');
  // Without a time the archive could not take it.
  timeOf(message.inserted_at, line);
  const start = Buffer.from(`${messageLineStart(type, outline)}{"seq":${message.seq ?? 'null'},`);
  const end = line.bytes.length - 1;
  if (!line.bytes.subarray(0, start.length).equals(start) || line.bytes[end] !== 0x7d) {
    throw invalidLine(line, 'was written anew: a message keeps the bytes that the backup gave it');
  }
  const stored = storedOf(fromBase64(outline), line.bytes.subarray(start.length, end), message);
  if (stored === null) throw invalidLine(line, 'has a message that does not match its outline');
  return stored;
}

function keyOf(entry: Extract<BackupLine, { type: 'keys' }>['entries'][number], line: Line): ImportEntry {
  const hash = fromBase64(entry.hash);
  if (hash.length !== contentHashBytes) throw invalidLine(line, `has a hash of ${hash.length} bytes`);
  const results = entry.results.map(([seq, tokens]) => ({ seq, tokens }));
  return { section: 'key', key: { ...entry, hash, results } };
}

function timeOf(text: string, line: Line): number {
  const time = Date.parse(text);
  if (Number.isNaN(time) || time < 0) throw invalidLine(line, `has a time that is none: ${text}`);
  return time;
}

const fromBase64 = (text: string): Uint8Array => Buffer.from(text, 'base64');

export const invalidLine = (line: Line, reason: string, cause?: unknown): StoreError =>
  new StoreError('invalid_backup', `Line ${line.number} ${reason}.`, { cause });
