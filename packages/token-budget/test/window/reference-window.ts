import type { WindowBudget, WindowPolicy } from '../../src/index.js';
import type { TestMessage } from './conversation.js';
import {
  entryTokens,
  isCall,
  isReasoning,
  isResult,
  isWhole,
  opensTurn,
  plainEntries,
  removeParts,
} from './plain-rules.js';
import type { PlainEntry } from './plain-rules.js';

/** A message of the window. `seq` is null for the replacement's, whose `index` counts from 0. */
export interface ReferenceMessage {
  readonly seq: number | null;
  readonly index: number;
  readonly parts: readonly number[];
  readonly tokens: number;
}

type Chunk = PlainEntry[];

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const weigh = (entries: readonly PlainEntry[]): number => sum(entries.map(entryTokens));

/**
 * The whole window machinery once more, over whole histories: it keeps every message and resolves
 * everything anew at every step. Slow, and meant to be read.
 */
export class ReferenceWindow {
  readonly #log: TestMessage[] = [];
  /** Where the last replacement left off; what is shown is resolved from here on. */
  #base = 1;
  #headless = false;
  /** A cut took the replacement's last user message: what is live begins with one of its own. */
  #orphaned = false;
  #liveFrom = 1;
  #skip: { through: number; kinds: readonly string[] } | null = null;
  /** Pinned before `#base`, and not yet replaced. */
  #retained: PlainEntry[] = [];
  #head: PlainEntry[] = [];
  #body: Chunk[] = [];
  /** What is pinned behind the replacement's last user message has no other before it: it stays. */
  #bodyPinned = false;

  append(messages: readonly TestMessage[], policy: WindowPolicy, budget: WindowBudget): void {
    this.#log.push(...messages);
    this.#pinBody();
    this.#cut(policy, budget);
  }

  compact(replacement: readonly TestMessage[], upToSeq: number | undefined): void {
    const upTo = Math.min(upToSeq ?? this.#log.length, this.#log.length);
    const entries = this.#entries();
    const open = entries.find(({ unit }) => unit[0] !== undefined && this.#isUnanswered(entries, unit));
    this.#retained = this.pinned().filter(({ unit }) => Math.min(...unit) > upTo);
    const shown = plainEntries(replacement, 1, false).filter(({ parts }) => parts.length > 0);
    const firstUser = shown.findIndex(({ message }) => opensTurn(message));
    this.#head = firstUser === -1 ? shown : shown.slice(0, firstUser);
    this.#body = chunks(shown.slice(this.#head.length));
    this.#headless = this.#body.length > 0;
    this.#orphaned = false;
    if (upTo === this.#log.length && (upToSeq === undefined || open === undefined)) {
      this.#liveFrom = this.#log.length + 1;
    } else {
      const unanswered = upToSeq === undefined ? Infinity : Math.min(...(open?.unit ?? [Infinity]));
      this.#liveFrom = this.#startOfLive(entries, Math.max(this.#liveFrom, Math.min(upTo + 1, unanswered)));
    }
    this.#base = this.#liveFrom;
    this.#retained = this.#retained.filter(({ seq }) => seq < this.#base);
    this.#bodyPinned = this.#headless && this.#retained.length > 0;
    this.#pinBody();
    if (this.#skip !== null && this.#skip.through < this.#liveFrom) this.#skip = null;
  }

  /** Everything that is stored, in order. */
  stored(): ReferenceMessage[] {
    return this.#assemble(this.#body, this.#chunks());
  }

  tokens(): number {
    return sum(this.stored().map(({ tokens }) => tokens));
  }

  /** The window of a read, or the smallest budget that would do. */
  fit(budget: number): ReferenceMessage[] | number {
    const live = this.#chunks();
    const lastIsLive = this.#startsWithUser(live.at(-1));
    const weight = (window: ReferenceMessage[]): number => sum(window.map(({ tokens }) => tokens));
    const least = this.#bodyPinned ? this.#body.slice(-1) : [];
    const smallest = lastIsLive
      ? this.#assemble(least, live.slice(-1))
      : this.#assemble(this.#body.slice(-1), live);
    if (weight(smallest) > budget) return weight(smallest);
    const candidates: ReferenceMessage[][] = [];
    if (lastIsLive && weight(this.#assemble(this.#body, live.slice(-1))) <= budget) {
      for (let from = 0; from < live.length; from++) {
        candidates.push(this.#assemble(this.#body, live.slice(from)));
      }
    }
    const live0 = live[0];
    const joint = live0 !== undefined && !this.#startsWithUser(live0);
    for (let from = 0; from < this.#body.length; from++) {
      candidates.push(this.#assemble(this.#body.slice(from), live));
    }
    for (let from = joint ? 1 : 0; from < live.length; from++) {
      candidates.push(this.#assemble(least, live.slice(from)));
    }
    return candidates.find((window) => weight(window) <= budget) ?? smallest;
  }

  /** Pinned entries, in order. */
  pinned(): PlainEntry[] {
    return [...this.#retained, ...this.#entries()].filter(({ pinned, parts }) => pinned && parts.length > 0);
  }

  #pinBody(): void {
    if (!this.#headless || this.#orphaned) return;
    const entries = plainEntries(this.#log.slice(this.#base - 1), this.#base, true);
    const firstUser = entries.findIndex(({ message }) => opensTurn(message));
    const carried = firstUser === -1 ? entries : entries.slice(0, firstUser);
    if (carried.some(({ pinnedOnce, message }) => pinnedOnce && message.role !== 'system'))
      this.#bodyPinned = true;
  }

  #cut(policy: WindowPolicy, budget: WindowBudget): void {
    if (policy.strategy === 'manual') return;
    const trigger = Math.floor(budget.tokens * budget.triggerRatio);
    const limit = policy.limit ?? Infinity;
    const live = this.#chunks();
    const last = live.at(-1);
    if (last === undefined || !this.#startsWithUser(last)) return;
    const least = this.#bodyPinned ? 1 : 0;
    const loose = (): number => weigh(this.#body.slice(0, this.#body.length - least).flat());
    const body = loose();
    const others = weigh(this.pinned()) + weigh(this.#head) + weigh(this.#body.flat()) - body;
    const older = live.slice(0, -1).some((chunk) => liveOnly(chunk).length > 0);
    const overTokens = older && liveTokens(live) > ceilingOf(budget, others + body);
    const overCount = older && liveCount(live) > limit;
    const overBudget = body > 0 && others + body + liveTokens([last]) > budget.tokens;
    if (!overTokens && !overCount && !overBudget) return;

    if (overBudget || (body > 0 && others + body > budget.tokens - Math.floor(trigger / 4))) {
      const room = Math.min(Math.floor(trigger / 2) - others, budget.tokens - others - liveTokens([last]));
      while (this.#body.length > least && loose() > room) this.#body.shift();
      while (this.#body.length > least && loose() === 0) this.#body.shift();
    }
    const ceiling = ceilingOf(budget, others + loose());
    let threshold = ceiling;
    if (policy.strategy === 'last_n') this.#skip = null;
    else if (overTokens) {
      this.#skip = { through: this.#skipThrough(policy.keepLast), kinds: policy.skipKinds };
      threshold = Math.floor((ceiling * 9) / 10);
    }
    let kept = this.#chunks();
    const carries = !this.#headless || this.#body.length > 0;
    const cutsTokens = liveTokens(kept) > threshold;
    const shrink = (tooMuch: () => boolean): void => {
      while (kept.length > 1 && tooMuch()) kept = kept.slice(1);
    };
    if (!carries) shrink(() => !this.#startsWithUser(kept[0]));
    if (cutsTokens) shrink(() => liveTokens(kept) > Math.floor(ceiling / 2));
    const cutsCount = liveCount(kept) > limit;
    if (cutsCount) shrink(() => liveCount(kept) > Math.max(1, Math.ceil(limit * 0.75)));
    this.#orphaned = !carries;
    const first = kept[0]?.[0]?.seq;
    if (first !== undefined && (cutsTokens || cutsCount || !carries)) this.#liveFrom = first;
    if (this.#skip !== null && this.#skip.through < this.#liveFrom) this.#skip = null;
  }

  #skipThrough(keepLast: number): number {
    const lastStart = this.#log.findLastIndex(opensTurn) + 1;
    const bound = Math.min(lastStart, this.#log.length + 1 - keepLast);
    const start = this.#log.slice(0, Math.max(0, bound)).findLastIndex(opensTurn) + 1;
    return Math.max(start, this.#liveFrom) - 1;
  }

  /** All entries since the last replacement, with what has been skipped taken out. */
  #entries(): PlainEntry[] {
    const entries = plainEntries(this.#log.slice(this.#base - 1), this.#base, this.#headless);
    for (const entry of entries) {
      if (this.#skip === null || entry.seq > this.#skip.through || entry.pinned) continue;
      const { kinds } = this.#skip;
      removeParts(entry, (part) => kinds.includes(part.type) || kinds.includes(kindOf(part)));
    }
    return entries;
  }

  /** The live messages by turns. Without a user message, only what follows the replacement's. */
  #chunks(): Chunk[] {
    const live = this.#entries().filter(({ seq, parts }) => seq >= this.#liveFrom && parts.length > 0);
    const firstUser = live.findIndex(({ message }) => opensTurn(message));
    if (this.#headless && !this.#orphaned) return chunks(live);
    return firstUser === -1 ? [] : chunks(live.slice(firstUser));
  }

  #startsWithUser(chunk: Chunk | undefined): boolean {
    const first = chunk?.[0];
    return first !== undefined && opensTurn(first.message);
  }

  #isUnanswered(entries: readonly PlainEntry[], unit: readonly number[]): boolean {
    const members = entries.filter(({ seq, parts }) => unit.includes(seq) && parts.length > 0);
    const parts = members.flatMap(({ message, parts: kept }) => kept.map((index) => message.parts[index]));
    const calls = parts.filter((part) => part !== undefined && isCall(part)).length;
    return calls > parts.filter((part) => part !== undefined && isResult(part)).length;
  }

  #startOfLive(entries: readonly PlainEntry[], bound: number): number {
    const at = entries.find(({ seq }) => seq === bound);
    if (this.#headless) return Math.max(this.#liveFrom, Math.min(bound, ...(at?.unit ?? [])));
    const start = entries.findLast(
      ({ seq, message }) => seq >= this.#liveFrom && seq <= bound && opensTurn(message),
    );
    return start?.seq ?? bound;
  }

  #assemble(body: readonly Chunk[], live: readonly Chunk[]): ReferenceMessage[] {
    const summary = [...this.#head, ...body.flat()].map((entry) => ({
      seq: null,
      index: entry.seq - 1,
      parts: entry.parts,
      tokens: entryTokens(entry),
    }));
    const logged = new Map([...this.pinned(), ...live.flat()].map((entry) => [entry.seq, entry]));
    return [
      ...summary,
      ...[...logged.values()]
        .toSorted((a, b) => a.seq - b.seq)
        .map((entry) => ({ seq: entry.seq, index: -1, parts: entry.parts, tokens: entryTokens(entry) })),
    ];
  }
}

function ceilingOf(budget: WindowBudget, fixed: number): number {
  const trigger = Math.floor(budget.tokens * budget.triggerRatio);
  return Math.max(trigger - fixed, Math.min(Math.floor(trigger / 4), budget.tokens - fixed), 0);
}

function chunks(entries: readonly PlainEntry[]): Chunk[] {
  const split: Chunk[] = [];
  for (const entry of entries) {
    const last = split.at(-1);
    if (last === undefined || opensTurn(entry.message)) split.push([entry]);
    else last.push(entry);
  }
  return split;
}

const liveOnly = (chunk: Chunk): Chunk => chunk.filter(({ pinned }) => !pinned);
const liveTokens = (live: readonly Chunk[]): number => weigh(live.flatMap(liveOnly));
const liveCount = (live: readonly Chunk[]): number => live.flatMap(liveOnly).length;

function kindOf(part: { readonly type: string }): string {
  if (isCall(part) || isResult(part) || isWhole(part)) return 'tool';
  if (isReasoning(part)) return 'reasoning';
  if (part.type.startsWith('source-')) return 'source';
  if (part.type.startsWith('data-')) return 'data';
  return part.type === 'image' ? 'file' : part.type;
}
