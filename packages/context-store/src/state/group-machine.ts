import { LogStorageError, type KeyOp, type KeySpace } from '@fastpaca/log-storage';
import {
  logIndex,
  type CommittedEntry,
  type LogIndex,
  type SnapshotMeta,
  type SnapshotSource,
  type StateMachine,
} from '@fastpaca/raft-core';
import type { MessageOutline } from '@fastpaca/token-budget';

import { withContext, withErasures, type GroupTotals } from '../archive/group-totals.js';
import { ContextCache, type CachedContext } from '../cache/context-cache.js';
import { decodeProfile, decodeRecord, encodeProfile, encodeRecord } from '../context/context-codec.js';
import type { ContextId } from '../context/context-id.js';
import type { StoredContext } from '../context/context-record.js';
import { logMessage } from '../message/log-message.js';
import { openStored } from '../message/stored-message.js';
import type { CommandResult, ContextWrite, StateReader, Transition } from './change.js';
import { decodeHeader, emptyHeader, encodeHeader, type StateHeader } from './header.js';
import { headerKey, messageKey, profileKey, recordKey } from './keys.js';
import { restoreSpace, snapshotChunks } from './snapshot.js';
import { transition } from './transition.js';

/**
 * Told of every change once it is part of the state, in order. Null: a snapshot replaced the whole
 * state.
 */
export type ChangeListener = (write: ContextWrite | null) => void;

/** About what a header and a record take: both change again, mostly, before they are written. */
const headerBytes = 48;
const recordBytes = 192;

/**
 * The state of one group: contexts in a key space, the newest of them in memory. What an entry does
 * is staged as one with its index and becomes durable with the store's next write, so a restart
 * replays only what lies between that index and what is committed.
 */
export class GroupMachine implements StateMachine<CommandResult>, StateReader {
  readonly space: KeySpace;
  readonly #cache: ContextCache;
  readonly #onChange: ChangeListener;
  #header: StateHeader = emptyHeader;
  /** Entries whose effects are staged but not known to be durable, oldest first. */
  #staged: { readonly token: number; readonly index: LogIndex }[] = [];
  #durable: LogIndex = logIndex(0);

  constructor(space: KeySpace, cache: ContextCache, onChange: ChangeListener) {
    this.space = space;
    this.#cache = cache;
    this.#onChange = onChange;
  }

  open(): Promise<LogIndex> {
    this.#readHeader();
    return Promise.resolve(this.#header.applied);
  }

  apply(entries: readonly CommittedEntry[]): Promise<readonly CommandResult[]> | readonly CommandResult[] {
    const results: CommandResult[] = [];
    for (const entry of entries) {
      const result = this.#tryApply(entry);
      if (result === null) return this.#applySlowly(entries, results);
      results.push(result);
    }
    return results;
  }

  durableIndex(): LogIndex {
    const durable = this.space.durableToken();
    let count = 0;
    for (const { token, index } of this.#staged) {
      if (token > durable) break;
      this.#durable = index;
      count += 1;
    }
    this.#staged.splice(0, count);
    return this.#durable;
  }

  snapshot(): Promise<SnapshotSource> {
    const copy = this.space.snapshot();
    const index = this.#header.applied;
    return Promise.resolve({ index, chunks: snapshotChunks(copy), release: () => copy.release() });
  }

  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await restoreSpace(this.space, chunks, (pairs) => {
      const header = pairs.get(headerKey);
      const index = header === undefined ? 0 : decodeHeader(header).applied;
      if (index !== meta.index) {
        throw new Error(`The snapshot of entry ${meta.index} holds the state of entry ${index}.`);
      }
    });
    this.#cache.clear();
    this.#readHeader();
    this.#onChange(null);
  }

  /** What memory holds of a context, read from the key space where it holds nothing. */
  load(id: ContextId): CachedContext | undefined {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const record = this.space.get(recordKey(id));
    if (record === undefined) return undefined;
    const profile = this.space.get(profileKey(id));
    if (profile === undefined) throw new Error(`Context ${id} has a record and no settings.`);
    return this.#cache.add(id, { record: decodeRecord(record), profile: decodeProfile(profile) });
  }

  /** To be called after a reader has loaded messages into what `load` returned. */
  weigh(id: ContextId, cached: CachedContext): void {
    // Evicted meanwhile, or erased: what the reader holds must not come back as the state.
    if (this.#cache.get(id) === cached) this.#cache.weigh(id, cached);
  }

  context(id: ContextId): StoredContext | undefined {
    return this.load(id)?.context;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.space.get(key);
  }

  outlines(id: ContextId, ordinal: number): (seq: number) => MessageOutline {
    const run = this.load(id)?.run;
    return (seq) => {
      const message = run?.at(seq);
      if (message !== undefined) return message.outline;
      const stored = this.space.get(messageKey(ordinal, seq));
      if (stored === undefined) throw new Error(`Context ${id} misses message ${seq}.`);
      return openStored(stored).outline;
    };
  }

  nextOrdinal(): number {
    return this.#header.nextOrdinal;
  }

  nextPlace(): number {
    return this.#header.nextPlace;
  }

  isArchiving(): boolean {
    return this.#header.archiving;
  }

  /** Sums over the contexts of the group. */
  totals(): GroupTotals {
    return this.#header.totals;
  }

  /** Null where the store has no room for more staged state until it has written some. */
  #tryApply(entry: CommittedEntry): CommandResult | null {
    const done = transition(this, entry.data);
    const { result, writes = [] } = done;
    const header = this.#headerAfter(entry.index, done);
    let ops: KeyOp[] = [...(done.ops ?? [])];
    for (const write of writes) ops = ops.concat(write.ops, contextOps(write));
    ops.push({ type: 'putLate', key: headerKey, bytes: headerBytes, encode: () => encodeHeader(header) });
    let token: number;
    try {
      token = this.space.stage(ops);
    } catch (error) {
      if (error instanceof LogStorageError && error.code === 'staged_full') return null;
      throw error;
    }
    this.#header = header;
    this.#noteStaged(token, entry.index);
    for (const write of writes) {
      this.#remember(write);
      this.#onChange(write);
    }
    return result;
  }

  #headerAfter(applied: LogIndex, { result, writes = [], ordinal = 0, erasures }: Transition): StateHeader {
    let { nextOrdinal, nextPlace, archiving, totals } = this.#header;
    nextOrdinal = Math.max(nextOrdinal, ordinal + 1);
    for (const { id, context } of writes) {
      const record = context?.record;
      totals = withContext(totals, this.context(id)?.record, record);
      if (record === undefined) continue;
      nextOrdinal = Math.max(nextOrdinal, record.ordinal + 1);
      nextPlace = Math.max(nextPlace, record.archive.place + 1);
    }
    archiving ||= result.kind === 'archived';
    return { applied, nextOrdinal, nextPlace, archiving, totals: withErasures(totals, erasures ?? 0) };
  }

  async #applySlowly(entries: readonly CommittedEntry[], results: CommandResult[]): Promise<CommandResult[]> {
    for (const entry of entries.slice(results.length)) {
      for (;;) {
        const result = this.#tryApply(entry);
        if (result !== null) {
          results.push(result);
          break;
        }
        await this.space.durable(this.space.durableToken() + 1);
      }
    }
    return results;
  }

  #noteStaged(token: number, index: LogIndex): void {
    if (this.#staged.at(-1)?.token === token) this.#staged.pop();
    this.#staged.push({ token, index });
    if (this.#staged.length > 64) this.durableIndex();
  }

  #readHeader(): void {
    const bytes = this.space.get(headerKey);
    this.#header = bytes === undefined ? emptyHeader : decodeHeader(bytes);
    this.#staged = [];
    this.#durable = this.#header.applied;
  }

  /** Brings memory to what was just staged. */
  #remember(write: ContextWrite): void {
    const { id, context } = write;
    if (context === null) {
      this.#cache.delete(id);
      return;
    }
    // Another life of the id: nothing of what memory holds belongs to it.
    if (write.changes.some(({ type }) => type === 'imported')) this.#cache.delete(id);
    const cached = this.#cache.get(id);
    if (cached === undefined) {
      this.#cache.add(id, context);
      return;
    }
    cached.context = context;
    // What the archive has is no part of a window.
    if (write.changes.some(({ type }) => type !== 'archived')) cached.view = null;
    for (const change of write.changes) {
      if (change.type === 'replaced' || change.type === 'compacted') ContextCache.forgetWindow(cached);
      if (change.type !== 'appended') continue;
      for (const { seq, outline, body } of change.messages) cached.run.push(logMessage(seq, outline, body));
    }
    cached.run.dropBefore(context.record.window.liveFrom);
    this.#cache.weigh(id, cached);
  }
}

function contextOps({ id, context, profileChanged }: ContextWrite): KeyOp[] {
  if (context === null) {
    return [
      { type: 'del', key: recordKey(id) },
      { type: 'del', key: profileKey(id) },
    ];
  }
  const { record: value } = context;
  const record: KeyOp = {
    type: 'putLate',
    key: recordKey(id),
    bytes: recordBytes,
    encode: () => encodeRecord(value),
  };
  if (!profileChanged) return [record];
  return [record, { type: 'put', key: profileKey(id), value: encodeProfile(context.profile) }];
}
