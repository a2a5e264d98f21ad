import { z } from 'zod';
import { contextStatuses } from '../context.js';
import { jsonObject } from '../json-object.js';
import { limits, messageBody, shortText } from '../message.js';
import { strategies } from '../policy.js';

/**
 * A backup is NDJSON: a header; for each context a line `context`, its `replacement`, `message`,
 * `changes` and `keys` lines in this order, and `context_end`; at last an `end` with the SHA-256 of all
 * bytes before it. docs/operations/backup.md describes it.
 */
export const backupFormat = 'fastpaca-backup';
/** A release reads its own version and all before it. */
export const backupVersion = 1;
export const backupContentType = 'application/x-ndjson';

const base64 = z.base64();
const count = z.int().min(0);
const id = shortText(limits.idLength);

const headerLine = z.object({
  type: z.literal('header'),
  format: z.literal(backupFormat),
  version: z.int().min(1),
  created_at: z.iso.datetime(),
});

const contextLine = z.object({
  type: z.literal('context'),
  id,
  status: z.enum(contextStatuses),
  token_budget: z.int().min(1),
  trigger_ratio: z.number().gt(0).lte(1),
  policy: z.object({ strategy: z.enum(strategies), config: jsonObject }),
  metadata: jsonObject,
  version: count,
  last_seq: count,
  created_at: z.string(),
  updated_at: z.string(),
  /** Append calls that wrote something. */
  appends: count,
  /** The state of the window, encoded. */
  window: base64,
});

/** What a message is made of; `seq` is null in a replacement. */
const message = z.object({
  seq: z.int().min(1).nullable(),
  id: messageBody.shape.id,
  role: messageBody.shape.role,
  parts: messageBody.shape.parts,
  metadata: jsonObject,
  token_count: count,
  inserted_at: z.string(),
});

const messageLine = z.object({
  type: z.enum(['message', 'replacement']),
  /** What the window rules know of the message, encoded. */
  outline: base64,
  message,
});

/** What each version of the context did, for streams that replay: one entry a version. */
const changesLine = z.object({
  type: z.literal('changes'),
  from: z.int().min(1),
  entries: z.array(base64).min(1).max(limits.batch),
});

const keysLine = z.object({
  type: z.literal('keys'),
  entries: z
    .array(
      z.object({
        kind: z.enum(['call', 'message']),
        key: shortText(limits.idLength),
        append: count,
        at: count,
        hash: base64,
        version: count,
        /** `[seq, tokens]` of each message. */
        results: z.array(z.tuple([count, count])).max(limits.batch),
      }),
    )
    .min(1)
    .max(limits.batch),
});

const contextEndLine = z.object({ type: z.literal('context_end'), id, messages: count, keys: count });

/** The context was erased while the backup read it: what came of it is to be forgotten. */
const goneLine = z.object({ type: z.literal('gone'), id });

const endLine = z.object({
  type: z.literal('end'),
  contexts: count,
  messages: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Any line of a backup. */
export const backupLine = z.discriminatedUnion('type', [
  headerLine,
  contextLine,
  messageLine,
  changesLine,
  keysLine,
  contextEndLine,
  goneLine,
  endLine,
]);
export type BackupLine = z.output<typeof backupLine>;
export type BackupHeaderLine = z.output<typeof headerLine>;
export type BackupContextLine = z.output<typeof contextLine>;
export type BackupMessageLine = z.output<typeof messageLine>;
export type BackupChangesLine = z.output<typeof changesLine>;
export type BackupKeysLine = z.output<typeof keysLine>;
export type BackupContextEndLine = z.output<typeof contextEndLine>;
export type BackupGoneLine = z.output<typeof goneLine>;
export type BackupEndLine = z.output<typeof endLine>;
