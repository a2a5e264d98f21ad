import {
  explainWindow,
  fitWindow,
  needsCompaction,
  pinsToLoad,
  suffixHint,
  type ExplainedMessage,
  type ExplainResult,
  type FittedMessage,
  type FittedWindow,
  type LoadedWindow,
  type UnsatisfiableWindow,
} from '@fastpaca/token-budget';

import type { CachedContext } from '../cache/context-cache.js';
import type { MessageRun } from '../cache/message-run.js';
import { integer, optionalVersion } from '../checks.js';
import type { ContextId } from '../context/context-id.js';
import type { ContextRecord, StoredContext } from '../context/context-record.js';
import { findContext } from '../context/find-context.js';
import {
  openLogMessage,
  openReplacement,
  type LogMessage,
  type ReadyMessage,
} from '../message/log-message.js';
import { withParts } from '../message/message-json.js';
import type { GroupMachine } from '../state/group-machine.js';
import { messageKey, messageRange, numberOfKey, replacementKey } from '../state/keys.js';
import { StoreError, versionConflict } from '../store-error.js';
import type { ReadOptions } from '../paging/page-options.js';
import type { WindowView } from './window-view.js';

export interface WindowOptions extends ReadOptions {
  /** Overrides the context's budget for this one read. */
  readonly budgetTokens?: number;
  /** The read fails with `conflict` unless the context has this version. */
  readonly ifVersion?: number;
  /** Adds why each message is in the window or not: of the window, and of 1,000 messages at least. */
  readonly explain?: boolean;
}

/** Messages that `explain` looks at, counted from the newest, where the window is shorter. */
const explainedMessages = 1_000;

/**
 * The window of a context. Only the messages of the window are read, and they stay in memory: the
 * next read copies nothing, and an append adds to them.
 */
export async function readWindow(
  machine: GroupMachine,
  id: ContextId,
  options: WindowOptions,
): Promise<WindowView> {
  const ifVersion = optionalVersion(options.ifVersion);
  const given = options.budgetTokens;
  if (given !== undefined) integer(given, 1, 'invalid_budget', 'budget_tokens');
  const explain = options.explain === true;
  let wanted = Infinity;
  let kept: RunOf | null = null;
  // Reading from disk takes time, in which a commit may move the window: each turn of the loop takes
  // the state as it then is, and the messages read so far.
  for (;;) {
    const cached = findContext(machine, id);
    const { record, profile } = cached.context;
    if (ifVersion !== null && ifVersion !== record.version) throw versionConflict(ifVersion, record.version);
    const budget = given ?? profile.tokenBudget;
    if (!explain && cached.view?.budget === budget) return cached.view;

    wanted = Math.max(Math.min(wanted, suffixHint(record.window, budget)), record.window.liveFrom);
    const from = explain ? Math.min(wanted, explainedFrom(record)) : wanted;
    kept = furthest(cached, kept);
    catchUp(machine, record, kept.run);
    if (kept.run.fromSeq > from) {
      await reachBack(machine, id, kept, from);
      continue;
    }
    const source = gather(machine, cached, kept.run, from);
    const fitted = fitWindow(record.window, budget, source.loaded);
    if (fitted.kind === 'more') {
      wanted = fitted.fromSeq;
      continue;
    }
    if (fitted.kind === 'unsatisfiable') throw unsatisfiable(fitted, budget);
    const view = toWindowView(cached.context, budget, fitted, source);
    cached.run = kept.run;
    if (!explain) cached.view = view;
    machine.weigh(id, cached);
    return explain
      ? { ...view, explain: explained(explainWindow(record.window, budget, source.loaded)) }
      : view;
  }
}

/** No window needs what was trimmed, so neither does the explanation of one. */
const explainedFrom = ({ lastSeq, archive }: ContextRecord): number =>
  Math.max(archive.localFrom, lastSeq - explainedMessages + 1);

/** A run, and which life of the id it belongs to. */
interface RunOf {
  readonly ordinal: number;
  readonly run: MessageRun;
}

/** What reaches further back: the run in the cache, or the one that this read has loaded. */
function furthest(cached: CachedContext, kept: RunOf | null): RunOf {
  const { ordinal, archive } = cached.context.record;
  // A run that ends before what is local cannot catch up, and the window has left it behind.
  const usable = kept?.ordinal === ordinal && kept.run.nextSeq >= archive.localFrom;
  return usable && kept.run.fromSeq < cached.run.fromSeq ? kept : { ordinal, run: cached.run };
}

/** Adds what was appended since the cache let go of this run. */
function catchUp(machine: GroupMachine, { ordinal, lastSeq }: ContextRecord, run: MessageRun): void {
  for (let seq = run.nextSeq; seq <= lastSeq; seq += 1) {
    run.push(openLogMessage(seq, required(machine, messageKey(ordinal, seq))));
  }
}

async function reachBack(
  machine: GroupMachine,
  id: ContextId,
  { ordinal, run }: RunOf,
  from: number,
): Promise<void> {
  const before = run.fromSeq;
  const pairs = await machine.space.rangeArray(messageRange(ordinal, from, before - 1));
  // Another reader of the same run was faster.
  if (run.fromSeq !== before) return;
  if (pairs.length === before - from) {
    run.prepend(pairs.map(([key, stored]) => openLogMessage(numberOfKey(key), stored)));
    return;
  }
  // Erased or trimmed meanwhile: the caller looks at the context again.
  const record = machine.context(id)?.record;
  if (record?.ordinal === ordinal && record.archive.localFrom <= from) {
    throw new Error(`Context ${id} misses messages: the key space is damaged.`);
  }
}

/** A loaded window with the messages that its outlines belong to. */
interface WindowSource {
  readonly loaded: LoadedWindow;
  readonly replacement: readonly ReadyMessage[];
  readonly pinned: ReadonlyMap<number, LogMessage>;
  readonly run: MessageRun;
}

function gather(machine: GroupMachine, cached: CachedContext, run: MessageRun, from: number): WindowSource {
  const { ordinal, window } = cached.context.record;
  const replacement = cached.replacement ?? loadReplacement(machine, ordinal, window.replacement?.count ?? 0);
  const pinned = new Map<number, LogMessage>();
  for (const { fromSeq, toSeq } of pinsToLoad(window, from)) {
    for (let seq = fromSeq; seq <= toSeq; seq += 1) {
      const known = run.at(seq) ?? cached.pinned.get(seq);
      pinned.set(seq, known ?? openLogMessage(seq, required(machine, messageKey(ordinal, seq))));
    }
  }
  cached.replacement = replacement;
  cached.pinned = pinned;
  const loaded: LoadedWindow = {
    replacement: replacement.map(({ outline }) => outline),
    pinned: [...pinned.values()],
    live: run.since(from),
  };
  return { loaded, replacement, pinned, run };
}

function loadReplacement(machine: GroupMachine, ordinal: number, count: number): readonly ReadyMessage[] {
  return Array.from({ length: count }, (_, index) =>
    openReplacement(required(machine, replacementKey(ordinal, index))),
  );
}

function required(machine: GroupMachine, key: Uint8Array): Uint8Array {
  const stored = machine.space.get(key);
  if (stored === undefined) throw new Error('A message of a window is missing: the key space is damaged.');
  return stored;
}

function toWindowView(
  { record, profile }: StoredContext,
  budget: number,
  fitted: FittedWindow,
  source: WindowSource,
): WindowView {
  const needs = needsCompaction(record.window, profile.tokenBudget, profile.triggerRatio);
  return {
    version: record.version,
    budget,
    messages: fitted.messages.map((message) => jsonOf(message, source)),
    usedTokens: fitted.usedTokens,
    needsCompaction: needs,
    segments: fitted.segments.map(({ type, fromSeq, toSeq, tokens }) => ({
      type,
      from_seq: fromSeq,
      to_seq: toSeq,
      tokens,
    })),
    // The ordinal tells the lives of an erased id apart: their versions begin at 0 again.
    etag: `"${record.version}-${budget}-${record.ordinal.toString(36)}${needs ? '!' : ''}"`,
  };
}

function jsonOf({ seq, replacementIndex, parts }: FittedMessage, source: WindowSource): Uint8Array {
  const message =
    seq === null ? source.replacement[replacementIndex] : (source.run.at(seq) ?? source.pinned.get(seq));
  if (message === undefined) throw new Error('A window names a message that was not loaded.');
  const { json, bodyAt, outline } = message;
  return parts === 'all' ? json : withParts(json, bodyAt, outline.parts, parts);
}

function explained(result: ExplainResult): readonly ExplainedMessage[] {
  // The same outlines fitted a moment ago.
  if (result.kind !== 'explained') throw new Error(`A window fits and is ${result.kind} at once.`);
  return result.messages;
}

function unsatisfiable({ minimumTokens }: UnsatisfiableWindow, budget: number): StoreError {
  return new StoreError(
    'budget_unsatisfiable',
    `What must stay in the window needs ${minimumTokens} tokens, the budget is ${budget}. ` +
      `Read with a larger budget_tokens, raise token_budget, or compact.`,
    { details: { minimum_tokens: minimumTokens } },
  );
}
