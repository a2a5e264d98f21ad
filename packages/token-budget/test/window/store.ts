import {
  appendToWindow,
  cut,
  decodeOutline,
  decodeWindowState,
  emptyWindow,
  encodeOutline,
  encodeWindowState,
  explainWindow,
  fitWindow,
  replaceWindow,
} from '../../src/index.js';
import type {
  ExplainedMessage,
  FittedWindow,
  LoadedWindow,
  LoadMore,
  MessageOutline,
  SeqRange,
  UnsatisfiableWindow,
  WindowBudget,
  WindowItem,
  WindowPolicy,
  WindowState,
} from '../../src/index.js';
import { loadFrom, outlineOf } from './conversation.js';
import type { TestMessage } from './conversation.js';

/**
 * A context as a store drives the window functions: it keeps encoded outlines and an encoded state,
 * and loads as little as it is asked for.
 */
export class TestStore {
  policy: WindowPolicy;
  budget: WindowBudget;
  version = 0;
  /** Replacements, whatever was in them. */
  compactions = 0;
  readonly messages: TestMessage[] = [];
  readonly log: WindowItem[] = [];
  replacementMessages: readonly TestMessage[] = [];
  replacement: readonly MessageOutline[] = [];
  /** Most messages that one call was given. */
  mostLoaded = 0;
  #state: Uint8Array = encodeWindowState(emptyWindow());

  readonly #loadsAll: boolean;

  /** `loadsAll`: hands over the whole log at once, instead of as little as it is asked for. */
  constructor(policy: WindowPolicy, budget: WindowBudget, loadsAll = false) {
    this.policy = policy;
    this.budget = budget;
    this.#loadsAll = loadsAll;
  }

  get state(): WindowState {
    return decodeWindowState(this.#state);
  }

  get stateBytes(): Uint8Array {
    return this.#state;
  }

  /** One append call. Returns what left the window by it; null when the window only grew. */
  append(...messages: readonly TestMessage[]): SeqRange | null {
    const items = messages.map((message, index) => ({
      seq: this.log.length + 1 + index,
      outline: decodeOutline(encodeOutline(outlineOf(message))),
    }));
    this.messages.push(...messages);
    this.log.push(...items);
    const appended = appendToWindow(this.state, this.policy, this.budget, items);
    this.#save(appended.state);
    this.version++;
    let { dropped } = appended;
    if (appended.needsCut) {
      const result = this.#load((loaded) => cut(this.state, this.policy, this.budget, loaded));
      this.#save(result.state);
      if (result.kind === 'compacted') dropped = result.dropped;
    }
    if (dropped !== null) this.version++;
    return dropped;
  }

  compact(replacement: readonly TestMessage[], upToSeq?: number): void {
    const outlines = replacement.map(outlineOf);
    const options = upToSeq === undefined ? {} : { upToSeq };
    const result = this.#load((loaded) => replaceWindow(this.state, outlines, options, loaded));
    this.#save(result.state);
    this.replacementMessages = replacement;
    this.replacement = outlines;
    this.version++;
    this.compactions++;
  }

  read(budgetTokens = this.budget.tokens): FittedWindow | UnsatisfiableWindow {
    return this.#load((loaded) => fitWindow(this.state, budgetTokens, loaded));
  }

  /** The stored window, whatever the budget. */
  stored(): FittedWindow {
    const window = this.read(Number.MAX_SAFE_INTEGER);
    if (window.kind !== 'fits') throw new Error('A window without a budget fits.');
    return window;
  }

  /** Log positions of the window, null for messages of the replacement. */
  seqs(budgetTokens = this.budget.tokens): (number | null)[] {
    const window = this.read(budgetTokens);
    if (window.kind !== 'fits') throw new Error(`Needs ${window.minimumTokens} tokens.`);
    return window.messages.map(({ seq }) => seq);
  }

  /** Explains the whole log. */
  explain(budgetTokens = this.budget.tokens): readonly ExplainedMessage[] {
    const result = explainWindow(this.state, budgetTokens, {
      replacement: this.replacement,
      pinned: [],
      live: this.log,
    });
    if (result.kind !== 'explained') throw new Error(`Not explained: ${result.kind}.`);
    return result.messages;
  }

  #load<R extends { readonly kind: string }>(run: (loaded: LoadedWindow) => R | LoadMore): R {
    let from = this.#loadsAll ? 1 : this.log.length + 1;
    for (;;) {
      const loaded = loadFrom(this.log, this.replacement, this.state, from);
      this.mostLoaded = Math.max(this.mostLoaded, loaded.live.length);
      const result = run(loaded);
      if (!isMore(result)) return result;
      if (result.fromSeq >= from) throw new Error('Asked for no more than it had.');
      // In small steps, so that all lengths of a suffix are tried.
      from = Math.max(from - 3, result.fromSeq);
    }
  }

  #save(state: WindowState): void {
    this.#state = encodeWindowState(state);
  }
}

function isMore<R extends { readonly kind: string }>(result: R | LoadMore): result is LoadMore {
  return result.kind === 'more';
}
