import { LRUCache } from 'lru-cache';

import type { ContextId } from '../context/context-id.js';
import type { StoredContext } from '../context/context-record.js';
import { weightOf, type LogMessage, type ReadyMessage } from '../message/log-message.js';
import type { WindowView } from '../window/window-view.js';
import { MessageRun } from './message-run.js';

/** What memory holds of one context. Always equal to the applied state, however it got there. */
export interface CachedContext {
  context: StoredContext;
  /** Its newest messages, as far back as something asked for them. */
  run: MessageRun;
  /** The messages of the replacement, once something read them. */
  replacement: readonly ReadyMessage[] | null;
  /** Pinned messages from before the run, once something read them. */
  pinned: ReadonlyMap<number, LogMessage>;
  /** The window that was read last, as long as nothing changed. */
  view: WindowView | null;
}

const none: ReadonlyMap<number, LogMessage> = new Map();

/**
 * The contexts of all groups that were used last, up to a number of bytes. An evicted one costs a
 * read; nothing is lost.
 */
export class ContextCache {
  readonly #cache: LRUCache<ContextId, CachedContext>;
  readonly #maximumRunBytes: number;

  constructor(maximumBytes: number) {
    this.#cache = new LRUCache({ maxSize: maximumBytes, sizeCalculation: weightOfContext });
    // One context must not push out all others.
    this.#maximumRunBytes = Math.floor(maximumBytes / 4);
  }

  get bytes(): number {
    return this.#cache.calculatedSize;
  }

  get(id: ContextId): CachedContext | undefined {
    return this.#cache.get(id);
  }

  add(id: ContextId, context: StoredContext): CachedContext {
    const run = new MessageRun(context.record.lastSeq + 1);
    const cached: CachedContext = { context, run, replacement: null, pinned: none, view: null };
    this.#cache.set(id, cached);
    return cached;
  }

  /** To be called after a change, so that the entry counts with its new weight. */
  weigh(id: ContextId, cached: CachedContext): void {
    if (cached.run.weight > this.#maximumRunBytes) cached.run = new MessageRun(cached.run.nextSeq);
    this.#cache.set(id, cached);
  }

  /** Forgets what was derived from the window, which was cut or replaced. */
  static forgetWindow(cached: CachedContext): void {
    cached.replacement = null;
    cached.pinned = none;
  }

  delete(id: ContextId): void {
    this.#cache.delete(id);
  }

  clear(): void {
    this.#cache.clear();
  }
}

function weightOfContext({ context, run, replacement, pinned }: CachedContext): number {
  const { profile, record } = context;
  let weight = 1024 + run.weight + 64 * record.window.pins.length;
  weight += 2 * (profile.metadataText.length + profile.policyText.length);
  for (const message of replacement ?? []) weight += weightOf(message);
  for (const message of pinned.values()) weight += weightOf(message);
  return weight;
}
