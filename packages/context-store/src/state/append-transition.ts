import type { KeyOp } from '@fastpaca/log-storage';
import {
  appendToWindow,
  cut,
  isStorable,
  suffixHint,
  type MessageOutline,
  type SeqRange,
  type WindowState,
} from '@fastpaca/token-budget';

import type { Command, CommandMessage } from '../command/command.js';
import type { ContextRecord, StoredContext } from '../context/context-record.js';
import { InvalidCommand, openFromCommand, windowStep } from './invalid-command.js';
import { encodeEntry, windowLoad } from '../stream/change-entry.js';
import { withEnough, type OutlineSource } from '../window/load-window.js';
import {
  refuse,
  type AppendedSeq,
  type CommandResult,
  type ContextWrite,
  type NewMessage,
  type StateReader,
  type Transition,
} from './change.js';
import { findEntry, remember, type NewKey } from './dedupe.js';
import { changeKey, messageKey } from './keys.js';
import { outlineSource } from './outline-source.js';

type AppendCommand = Extract<Command, { type: 'append' }>;

/**
 * Appends messages, or answers a retry. A retry is recognised before anything else is looked at, so
 * that it succeeds where the first try moved the version or a tombstone came in between.
 */
export function append(reader: StateReader, command: AppendCommand): Transition {
  const context = reader.context(command.id);
  if (context === undefined) return refuse({ reason: 'not_found' });
  const { record } = context;

  if (command.call !== null) {
    const { key, hash } = command.call;
    const entry = findEntry(reader, record, 'call', key);
    if (entry !== null) {
      if (!sameHash(entry.hash, hash)) return refuse({ reason: 'key_reused', key });
      return { result: firstAnswer(entry.version, entry.results) };
    }
  }
  const retried = findRetried(reader, record, command.messages);
  if ('reason' in retried) return refuse(retried);
  if (retried.known.size === command.messages.length) {
    return { result: firstAnswer(retried.version, [...retried.known.values()]) };
  }

  if (record.status === 'tombstoned') return refuse({ reason: 'is_tombstoned' });
  if (command.ifVersion !== null && command.ifVersion !== record.version) {
    return refuse({ reason: 'conflict', currentVersion: record.version });
  }
  return appendNew(reader, command, context, retried.known);
}

const firstAnswer = (version: number, results: readonly AppendedSeq[]): CommandResult => ({
  kind: 'appended',
  version,
  results,
  deduped: true,
  firstSeq: null,
});

interface Retried {
  /** Answers of the messages that were appended before, by their place in the command. */
  readonly known: ReadonlyMap<number, AppendedSeq>;
  readonly version: number;
}

/**
 * Looks every message id up. A batch may mix old and new messages, as clients send that keep a
 * whole conversation: the old ones answer as they did, only the new ones are appended.
 */
function findRetried(
  reader: StateReader,
  record: ContextRecord,
  messages: readonly CommandMessage[],
): Retried | { readonly reason: 'key_reused'; readonly key: string } {
  const known = new Map<number, AppendedSeq>();
  const ids = new Set<string>();
  let version = 0;
  for (const [index, { identity }] of messages.entries()) {
    if (identity === null) continue;
    const { id, hash } = identity;
    if (ids.has(id)) return { reason: 'key_reused', key: id };
    ids.add(id);
    const entry = findEntry(reader, record, 'message', id);
    if (entry === null) continue;
    const [result] = entry.results;
    if (result === undefined || !sameHash(entry.hash, hash)) return { reason: 'key_reused', key: id };
    known.set(index, result);
    version = Math.max(version, entry.version);
  }
  return { known, version };
}

function appendNew(
  reader: StateReader,
  command: AppendCommand,
  context: StoredContext,
  known: ReadonlyMap<number, AppendedSeq>,
): Transition {
  const { record } = context;
  const added: NewMessage[] = [];
  const results: AppendedSeq[] = [];
  const fresh: { readonly identity: CommandMessage['identity']; readonly result: AppendedSeq }[] = [];
  for (const [index, { stored, identity }] of command.messages.entries()) {
    const before = known.get(index);
    if (before !== undefined) {
      results.push(before);
      continue;
    }
    const seq = record.lastSeq + added.length + 1;
    const { outline, body } = openFromCommand(stored);
    const result = { seq, tokens: outline.tokens };
    added.push({ seq, stored, body, outline });
    results.push(result);
    fresh.push({ identity, result });
  }

  const window = windowStep(() => moveWindow(reader, command, context, added));
  const appended = record.version + 1;
  const version = window.dropped === null ? appended : appended + 1;
  const keys: NewKey[] = [];
  if (command.call !== null) {
    keys.push({ kind: 'call', key: command.call.key, entry: { hash: command.call.hash, version, results } });
  }
  for (const { identity, result } of fresh) {
    if (identity === null) continue;
    keys.push({
      kind: 'message',
      key: identity.id,
      entry: { hash: identity.hash, version, results: [result] },
    });
  }
  const appends = record.appends + 1;
  const remembered = remember(reader, record, appends, command.at, keys);
  const messageOps = added.map(({ seq, stored }): KeyOp => ({
    type: 'put',
    key: messageKey(record.ordinal, seq),
    value: stored,
  }));
  const lastSeq = record.lastSeq + added.length;
  const write: ContextWrite = {
    id: command.id,
    context: {
      ...context,
      record: {
        ...record,
        version,
        lastSeq,
        updatedAt: command.at,
        appends,
        queue: remembered.queue,
        window: window.state,
      },
    },
    profileChanged: false,
    ops: [...messageOps, ...remembered.ops, ...changeOps(context, appended, lastSeq, added.length, window)],
    changes: [
      { type: 'appended', messages: added },
      ...(window.dropped === null ? [] : [{ type: 'compacted' } as const]),
    ],
  };
  return {
    result: { kind: 'appended', version, results, deduped: false, firstSeq: record.lastSeq + 1 },
    writes: [write],
  };
}

/** What the append did, and the compaction that it caused, for streams. */
function changeOps(
  { record, profile }: StoredContext,
  version: number,
  lastSeq: number,
  count: number,
  { state, dropped }: MovedWindow,
): KeyOp[] {
  const key = changeKey(record.ordinal, version);
  const load = windowLoad(state, profile);
  if (dropped === null) {
    return [{ type: 'put', key, value: encodeEntry({ kind: 'append', lastSeq, count, load }) }];
  }
  const next = changeKey(record.ordinal, version + 1);
  return [
    { type: 'put', key, value: encodeEntry({ kind: 'append', lastSeq, count, load: null }) },
    { type: 'put', key: next, value: encodeEntry({ kind: 'compaction', lastSeq, range: dropped, load }) },
  ];
}

interface MovedWindow {
  readonly state: WindowState;
  /** What the policy took out; null for nothing. */
  readonly dropped: SeqRange | null;
}

/** The window with the messages in it. */
function moveWindow(
  reader: StateReader,
  command: AppendCommand,
  context: StoredContext,
  added: readonly NewMessage[],
): MovedWindow {
  const { rules, tokenBudget, triggerRatio } = context.profile;
  const budget = { tokens: tokenBudget, triggerRatio };
  const appended = appendToWindow(context.record.window, rules, budget, added);
  if (!appended.needsCut) return storable(appended);
  const { state } = appended;
  const source = withAdded(outlineSource(reader, command.id, context), context.record.lastSeq, added);
  const result = withEnough(state, suffixHint(state, tokenBudget), source, (loaded) =>
    cut(state, rules, budget, loaded),
  );
  if (result.kind === 'unchanged') return storable(appended);
  return storable({ state: result.state, dropped: union(appended.dropped, result.dropped) });
}

/**
 * A state that could not be stored would stop every replica that applies the command. The rules of the
 * window make none of a window that they made; should they have a fault, or an imported window another
 * sum than its messages, it costs this append, not the group.
 */
function storable(moved: MovedWindow): MovedWindow {
  if (isStorable(moved.state)) return moved;
  throw new InvalidCommand('The window would have more tokens than can be counted.');
}

/** The log with messages at its end that are not in the state yet. */
function withAdded(source: OutlineSource, lastSeq: number, added: readonly NewMessage[]): OutlineSource {
  return {
    replacement: (index) => source.replacement(index),
    logged: (seq): MessageOutline => added[seq - lastSeq - 1]?.outline ?? source.logged(seq),
  };
}

const union = (a: SeqRange | null, b: SeqRange): SeqRange =>
  a === null ? b : { fromSeq: Math.min(a.fromSeq, b.fromSeq), toSeq: Math.max(a.toSeq, b.toSeq) };

function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
