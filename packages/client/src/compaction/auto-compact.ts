import type { CallOptions } from '../context/append.js';
import type { Context } from '../context/context.js';
import { ConflictError, NotFoundError, TombstonedError, UnauthorizedError } from '../errors/errors.js';
import { sleep } from '../http/deadline.js';
import { randomFraction } from '../http/random.js';
import { backoff } from '../http/retry.js';
import type { Message, MessageInput, MessageShape, WindowMessage } from '../message/message.js';
import { planSummary, stillBeginsWith } from './plan.js';
import { replacementOf } from './replacement.js';

export interface SummaryRequest<M extends MessageShape = Message> {
  /** What the summary will stand for, oldest first; an earlier summary is the first of them. */
  readonly messages: readonly WindowMessage<M>[];
  /** Tokens of the whole window, and its budget. */
  readonly usedTokens: number;
  readonly tokenBudget: number;
  /** Aborted when nobody waits for the summary any more. */
  readonly signal: AbortSignal | undefined;
}

/** Makes the summary: its text, which becomes a system message, or whole messages. */
export type Summarise<M extends MessageShape = Message> = (
  request: SummaryRequest<M>,
) => Promise<string | readonly MessageInput[]>;

export interface AutoCompactOptions extends CallOptions {
  /** Newest turns that are never summarised while there are older ones. Default 2, at least 1. */
  readonly keepTurns?: number | undefined;
  /** Told of each summary that was put in place. */
  readonly onCompacted?: ((done: { readonly version: number; readonly upToSeq: number }) => void) | undefined;
  /**
   * Told when the summariser or a call has failed; it is then tried again, after 1 to 60 seconds.
   * Without it, the first failure rejects.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Watches a context and, whenever it says `needsCompaction`, has its older messages summarised and
 * puts the summary in their place. The message log is untouched. Resolves when `signal` is aborted or
 * the context is deleted.
 *
 * ```ts
 * await autoCompact(ctx, async ({ messages, signal }) => {
 *   const { text } = await generateText({ model, abortSignal: signal, prompt: promptFor(messages) });
 *   return text;
 * }, { signal });
 * ```
 *
 * Nothing is kept outside of the store: a worker that starts anew sees by itself whether a summary is
 * due. Any number of workers may run for one context. Each may then pay for a summary, but only one
 * is written: the write names the version it is based on. An append meanwhile does not spoil a summary,
 * since the write also names the last message it stands for.
 *
 * System messages at the beginning and messages that are pinned stay as they are.
 *
 * @throws NotFoundError where the context does not exist; UnauthorizedError
 */
export async function autoCompact<M extends MessageShape>(
  ctx: Context<M>,
  summarise: Summarise<M>,
  options: AutoCompactOptions = {},
): Promise<void> {
  const { signal, onError } = options;
  for (let failures = 0; ;) {
    try {
      const info = await ctx.info({ signal });
      if (info.status === 'tombstoned') return;
      if (info.needsCompaction && (await compactOnce(ctx, info.tokenBudget, summarise, options))) {
        failures = 0;
        continue;
      }
      if (!(await untilDue(ctx, info.version, signal))) return;
      failures = 0;
    } catch (error) {
      if (signal?.aborted || error instanceof TombstonedError) return;
      const hopeless = error instanceof NotFoundError || error instanceof UnauthorizedError;
      if (onError === undefined || hopeless) throw error;
      onError(error);
      failures += 1;
      const delay = backoff({ minDelayMs: 1_000, maxDelayMs: 60_000 }, failures, randomFraction());
      await sleep(delay, signal).catch(() => undefined);
      if (signal?.aborted) return;
    }
  }
}

/** Waits for a write after which a summary is due. False: the context has ended. */
async function untilDue<M extends MessageShape>(
  ctx: Context<M>,
  version: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const event of ctx.stream({ cursor: version, includeMessages: false, signal })) {
    if (event.type === 'tombstoned') return false;
    if (event.type === 'reset' || (event.type === 'context' && event.needsCompaction)) return true;
  }
  return false;
}

/** More than any window has: a read with it shows all that the window holds. */
const wholeWindow = Number.MAX_SAFE_INTEGER;

/** How often a summary is offered to a context that others write to. */
const mostConflicts = 50;

/** False: there is nothing to summarise but the last turn. */
async function compactOnce<M extends MessageShape>(
  ctx: Context<M>,
  tokenBudget: number,
  summarise: Summarise<M>,
  { signal, keepTurns = 2, onCompacted }: AutoCompactOptions,
): Promise<boolean> {
  const window = await ctx.context({ budgetTokens: wholeWindow, signal });
  const plan = planSummary(window.messages, Math.max(1, keepTurns));
  if (plan === null) return false;
  const { usedTokens } = window;
  const summary = await summarise({ messages: plan.summarised, usedTokens, tokenBudget, signal });
  signal?.throwIfAborted();
  const replacement = replacementOf(plan, summary);
  const { upToSeq } = plan;
  let ifVersion = window.version;
  for (let conflicts = 0; conflicts < mostConflicts; conflicts++) {
    try {
      const { version } = await ctx.compact(replacement, { upToSeq, ifVersion, signal });
      onCompacted?.({ version, upToSeq });
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
    // Somebody wrote meanwhile. After an append the summary still holds; after a compaction, by another
    // worker or by a try of our own whose answer was lost, it does not.
    const now = await ctx.context({ budgetTokens: wholeWindow, signal });
    if (!stillBeginsWith(now.messages, plan.prefix)) return true;
    ifVersion = now.version;
  }
  return true;
}
