import {
  appendToWindow,
  cut,
  emptyWindow,
  fitWindow,
  replaceWindow,
  type LoadedWindow,
  type MessageOutline,
  type WindowState,
} from '@fastpaca/token-budget';

import { windowPolicy } from '../../src/context/window-policy.js';
import type { ContextSettings } from '../../src/context/context-settings.js';
import { mergePatch } from '../../src/context/merge-patch.js';
import type { JsonObject, PolicyView } from '../../src/context/context-view.js';
import type { MessageInput } from '../../src/message/message-input.js';

interface ModelMessage {
  readonly input: MessageInput;
  readonly outline: MessageOutline;
}

interface Answer {
  readonly content: string;
  readonly version: number;
  readonly seqs: readonly number[];
}

export interface ModelContext {
  status: 'active' | 'tombstoned';
  version: number;
  readonly log: ModelMessage[];
  replacement: readonly ModelMessage[];
  window: WindowState;
  tokenBudget: number;
  triggerRatio: number;
  policy: PolicyView;
  metadata: JsonObject;
  readonly keys: Map<string, Answer>;
}

export type Outcome =
  string | { readonly version: number; readonly seqs: readonly number[]; readonly deduped: boolean };

/** The promises of the state machine over plain arrays: no bytes, no disk, no cache, no limits. */
export class Model {
  readonly contexts = new Map<string, ModelContext>();

  put(id: string, settings: ContextSettings): Outcome {
    const old = this.contexts.get(id);
    if (old?.status === 'tombstoned' && settings.status !== 'active') return 'is_tombstoned';
    const context: ModelContext = old ?? {
      status: 'active',
      version: 0,
      log: [],
      replacement: [],
      window: emptyWindow(),
      tokenBudget: 8000,
      triggerRatio: 0.7,
      policy: { strategy: 'last_n', config: { limit: 200 } },
      metadata: {},
      keys: new Map(),
    };
    context.status = 'active';
    context.tokenBudget = settings.tokenBudget ?? context.tokenBudget;
    context.triggerRatio = settings.triggerRatio ?? context.triggerRatio;
    context.policy = settings.policy ?? context.policy;
    context.metadata = settings.metadata ?? context.metadata;
    this.contexts.set(id, context);
    return 'stored';
  }

  patch(id: string, patch: JsonObject): Outcome {
    const context = this.contexts.get(id);
    if (context === undefined) return 'not_found';
    if (context.status === 'tombstoned') return 'is_tombstoned';
    context.metadata = mergePatch(context.metadata, patch);
    return 'stored';
  }

  tombstone(id: string): Outcome {
    const context = this.contexts.get(id);
    if (context === undefined) return 'not_found';
    context.status = 'tombstoned';
    return 'tombstoned';
  }

  erase(id: string): Outcome {
    return this.contexts.delete(id) ? 'erased' : 'not_found';
  }

  append(id: string, messages: readonly ModelMessage[], key?: string, ifVersion?: number): Outcome {
    const context = this.contexts.get(id);
    if (context === undefined) return 'not_found';
    const call = JSON.stringify(messages.map(({ input }) => input));
    const first = key === undefined ? undefined : context.keys.get(`call ${key}`);
    if (first !== undefined) {
      return first.content === call
        ? { version: first.version, seqs: first.seqs, deduped: true }
        : 'key_reused';
    }
    const known = messages.map(({ input }) =>
      input.id === undefined ? undefined : context.keys.get(`id ${input.id}`),
    );
    if (
      known.some((answer, n) => answer !== undefined && answer.content !== JSON.stringify(messages[n]?.input))
    ) {
      return 'key_reused';
    }
    if (known.every((answer) => answer !== undefined)) {
      const version = Math.max(...known.map((answer) => answer.version));
      return { version, seqs: known.flatMap((answer) => answer.seqs), deduped: true };
    }
    if (context.status === 'tombstoned') return 'is_tombstoned';
    if (ifVersion !== undefined && ifVersion !== context.version) return 'conflict';

    const seqs: number[] = [];
    const added: ModelMessage[] = [];
    for (const [n, message] of messages.entries()) {
      const answer = known[n];
      if (answer === undefined) added.push(message);
      seqs.push(answer?.seqs[0] ?? context.log.length + added.length);
    }
    context.version += 1 + this.#moveWindow(context, added);
    const { version } = context;
    if (key !== undefined) context.keys.set(`call ${key}`, { content: call, version, seqs });
    for (const [n, { input }] of messages.entries()) {
      if (input.id === undefined || known[n] !== undefined) continue;
      context.keys.set(`id ${input.id}`, { content: JSON.stringify(input), version, seqs: [seqs[n] ?? 0] });
    }
    return { version, seqs, deduped: false };
  }

  compact(id: string, messages: readonly ModelMessage[], upToSeq?: number): Outcome {
    const context = this.contexts.get(id);
    if (context === undefined) return 'not_found';
    if (context.status === 'tombstoned') return 'is_tombstoned';
    if (upToSeq !== undefined && upToSeq > context.log.length) return 'beyond_end';
    const { replacement, liveFrom } = context.window;
    const gone = Math.min(replacement?.toSeq ?? 0, liveFrom - 1);
    if (upToSeq !== undefined && upToSeq < gone) return 'replaced_further';
    const outlines = messages.map(({ outline }) => outline);
    const replaced = replaceWindow(
      context.window,
      outlines,
      upToSeq === undefined ? {} : { upToSeq },
      all(context),
    );
    if (replaced.kind === 'more') throw new Error('All was loaded.');
    context.window = replaced.state;
    context.replacement = messages;
    context.version += 1;
    return 'compacted';
  }

  /** The window's messages: position in the log or in the replacement, and the parts that stay. */
  window(id: string): unknown {
    const context = this.contexts.get(id);
    if (context === undefined) return null;
    const fitted = fitWindow(context.window, context.tokenBudget, all(context));
    if (fitted.kind === 'more') throw new Error('All was loaded.');
    if (fitted.kind === 'unsatisfiable') return fitted.minimumTokens;
    const messages = fitted.messages.map(({ seq, replacementIndex, parts }) => {
      const source = seq === null ? context.replacement[replacementIndex] : context.log[seq - 1];
      const every = source?.input.parts ?? [];
      return {
        seq,
        role: source?.input.role,
        parts: parts === 'all' ? every : parts.map((index) => every[index]),
      };
    });
    return { messages, usedTokens: fitted.usedTokens };
  }

  #moveWindow(context: ModelContext, added: readonly ModelMessage[]): number {
    const rules = windowPolicy(context.policy);
    if (rules === null) throw new Error('A policy of the test is none.');
    const budget = { tokens: context.tokenBudget, triggerRatio: context.triggerRatio };
    const from = context.log.length;
    context.log.push(...added);
    const items = added.map(({ outline }, n) => ({ seq: from + n + 1, outline }));
    const appended = appendToWindow(context.window, rules, budget, items);
    context.window = appended.state;
    let compacted = appended.dropped !== null;
    if (appended.needsCut) {
      const result = cut(appended.state, rules, budget, all(context));
      if (result.kind === 'more') throw new Error('All was loaded.');
      context.window = result.state;
      compacted ||= result.kind === 'compacted';
    }
    return compacted ? 1 : 0;
  }
}

const all = (context: ModelContext): LoadedWindow => ({
  replacement: context.replacement.map(({ outline }) => outline),
  pinned: [],
  live: context.log.map(({ outline }, n) => ({ seq: n + 1, outline })),
});
