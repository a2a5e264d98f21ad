import { z } from 'zod';

import { changeRunRead, headRead, keyRunRead, messageRunRead } from '../backup/backup-reads.js';
import { decodeProfile, decodeRecord, encodeProfile, encodeRecord } from '../context/context-codec.js';
import { isContextId, type ContextId } from '../context/context-id.js';
import type { StoredContext } from '../context/context-record.js';
import { findContext } from '../context/find-context.js';
import {
  isPageReached,
  readExportPage,
  type ExportPage,
  type ExportPosition,
} from '../paging/export-page.js';
import type { MessagePage } from '../paging/page-options.js';
import type { LogSource } from '../paging/read-log.js';
import { readPage, readTail } from '../paging/read-messages.js';
import type { GroupMachine } from '../state/group-machine.js';
import { decodePage, encodePage } from '../stream/changes-codec.js';
import { openPage } from '../stream/open-page.js';
import type { ChangesPage } from '../stream/stream-change.js';
import { readWindow } from '../window/read-window.js';
import type { WindowView } from '../window/window-view.js';

const readNames = [
  'get',
  'tail',
  'messages',
  'export',
  'window',
  'open',
  'backup_head',
  'backup_messages',
  'backup_changes',
  'backup_keys',
] as const;
export type ReadName = (typeof readNames)[number];

/** A read of one context: what it does with the state, and how it and its result cross between nodes. */
export interface ReadKind<Args, Result> {
  readonly name: ReadName;
  readonly run: (source: LogSource, id: ContextId, args: Args) => Result | Promise<Result>;
  /** Whether the state has what the read is about for certain: it then needs no read point. */
  readonly isReached?: (machine: GroupMachine, id: ContextId, args: Args) => boolean;
  readonly args: z.ZodType<Args>;
  readonly toWire: (result: Result) => unknown;
  /** Checks what `toWire` made, and makes the result of it. */
  readonly fromWire: z.ZodType<Result>;
}

/** As a node sends it to another. Members of a later release are ignored. */
export const readRequestSchema = z.object({
  read: z.enum(readNames),
  id: z.string().refine(isContextId),
  args: z.unknown(),
});

const bytes = z.instanceof(Uint8Array);
const optional = z.exactOptional(z.int());
const asItIs = (result: unknown): unknown => result;

/** A stored context in the formats of the disk: snapshots carry them between the same releases. */
export const contextToWire = ({ record, profile }: StoredContext) => ({
  record: encodeRecord(record),
  profile: encodeProfile(profile),
});

export const contextFromWire = z
  .object({ record: bytes, profile: bytes })
  .transform(({ record, profile }): StoredContext => ({
    record: decodeRecord(record),
    profile: decodeProfile(profile),
  }));

export const pageFromWire = bytes.transform((encoded): ChangesPage => decodePage(encoded));

export const getRead: ReadKind<object, StoredContext> = {
  name: 'get',
  run: ({ machine }, id) => findContext(machine, id).context,
  args: z.object({}),
  toWire: contextToWire,
  fromWire: contextFromWire,
};

const tailArgs = z.object({ limit: optional, offset: optional });

export const tailRead: ReadKind<z.infer<typeof tailArgs>, readonly Uint8Array[]> = {
  name: 'tail',
  run: readTail,
  args: tailArgs,
  toWire: asItIs,
  fromWire: z.array(bytes),
};

const messagesArgs = z.object({ fromSeq: optional, toSeq: optional, cursor: optional, limit: optional });

export const messagesRead: ReadKind<z.infer<typeof messagesArgs>, MessagePage> = {
  name: 'messages',
  run: readPage,
  args: messagesArgs,
  toWire: asItIs,
  fromWire: z.object({ messages: z.array(bytes), nextCursor: z.int().nullable() }),
};

export const exportRead: ReadKind<ExportPosition, ExportPage> = {
  name: 'export',
  run: readExportPage,
  isReached: isPageReached,
  args: z.object({ life: z.int().nullable(), fromSeq: optional, toSeq: optional }),
  toWire: asItIs,
  fromWire: z.object({
    lines: bytes,
    next: z.object({ life: z.int(), fromSeq: z.int(), toSeq: z.int() }).nullable(),
  }),
};

const windowArgs = z.object({
  budgetTokens: optional,
  ifVersion: optional,
  explain: z.exactOptional(z.boolean()),
});

export const windowRead: ReadKind<z.infer<typeof windowArgs>, WindowView> = {
  name: 'window',
  run: ({ machine }, id, args) => readWindow(machine, id, args),
  args: windowArgs,
  toWire: asItIs,
  fromWire: z.object({
    version: z.int(),
    budget: z.int(),
    messages: z.array(bytes),
    usedTokens: z.int(),
    needsCompaction: z.boolean(),
    segments: z.array(
      z.object({
        type: z.enum(['summary', 'live', 'pinned']),
        from_seq: z.int(),
        to_seq: z.int(),
        tokens: z.int(),
      }),
    ),
    explain: z.exactOptional(
      z.array(z.object({ seq: z.int().nullable(), kept: z.boolean(), reason: z.string(), tokens: z.int() })),
    ),
    etag: z.string(),
  }),
};

const openArgs = z.object({ cursor: optional });

export const openRead: ReadKind<z.infer<typeof openArgs>, ChangesPage> = {
  name: 'open',
  run: ({ machine }, id, { cursor }) => openPage(machine, findContext(machine, id).context, cursor),
  args: openArgs,
  toWire: encodePage,
  fromWire: pageFromWire,
};

/** A read with its arguments as another node sent them, ready to run. */
export interface ReceivedRead {
  readonly isReached: (machine: GroupMachine) => boolean;
  /** The result as it crosses. */
  readonly run: (source: LogSource) => Promise<unknown>;
}

/** @throws z.ZodError where the arguments are not those of the read */
export function receivedRead(name: ReadName, id: ContextId, args: unknown): ReceivedRead {
  switch (name) {
    case 'get':
      return received(getRead, id, args);
    case 'tail':
      return received(tailRead, id, args);
    case 'messages':
      return received(messagesRead, id, args);
    case 'export':
      return received(exportRead, id, args);
    case 'window':
      return received(windowRead, id, args);
    case 'open':
      return received(openRead, id, args);
    case 'backup_head':
      return received(headRead, id, args);
    case 'backup_messages':
      return received(messageRunRead, id, args);
    case 'backup_changes':
      return received(changeRunRead, id, args);
    case 'backup_keys':
      return received(keyRunRead, id, args);
  }
}

function received<Args, Result>(kind: ReadKind<Args, Result>, id: ContextId, raw: unknown): ReceivedRead {
  const args = kind.args.parse(raw);
  return {
    isReached: (machine) => kind.isReached?.(machine, id, args) ?? false,
    run: async (source) => kind.toWire(await kind.run(source, id, args)),
  };
}
