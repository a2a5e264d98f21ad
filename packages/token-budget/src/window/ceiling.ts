import type { WindowBudget } from './item.js';
import type { WindowPolicy } from './policy.js';
import { replacementTokens } from './state.js';
import type { WindowState } from './state.js';

/** Tokens above which a cut is due. */
export function triggerTokens(budget: WindowBudget): number {
  return Math.floor(budget.tokens * budget.triggerRatio);
}

/**
 * Tokens that live messages may have before a cut is due. What is always kept (`fixed`: pins and the
 * replacement) takes its share of the trigger first. At least a quarter of the trigger is left to
 * them as far as the budget allows: with less, every append would cut, and no prompt cache ever hit.
 */
export function liveCeiling(budget: WindowBudget, fixed: number): number {
  const trigger = triggerTokens(budget);
  return Math.max(trigger - fixed, Math.min(Math.floor(trigger / 4), budget.tokens - fixed), 0);
}

/** Where a cut for tokens stops: it then takes about as many tokens again until the next one. */
export function lowWater(ceiling: number): number {
  return Math.floor(ceiling / 2);
}

/** Where a cut for the number of messages stops. */
export function lowWaterCount(limit: number): number {
  return Math.max(1, Math.ceil(limit * 0.75));
}

/** What a policy asks for, of what it is allowed to take: never the last turn. */
export interface DueCut {
  readonly tokens: boolean;
  readonly count: boolean;
  readonly replacement: boolean;
}

export const nothingDue: DueCut = { tokens: false, count: false, replacement: false };

export function dueCut(state: WindowState, policy: WindowPolicy, budget: WindowBudget): DueCut {
  const { turn } = state;
  if (policy.strategy === 'manual' || turn === null || turn.seq === 0) return nothingDue;
  const older = state.liveCount > turn.tally.count || state.liveTokens > turn.tally.tokens;
  const fixed = state.pinnedTokens + replacementTokens(state);
  const limit = policy.limit ?? Infinity;
  const body = state.replacement?.bodyTokens ?? 0;
  return {
    tokens: older && state.liveTokens > liveCeiling(budget, fixed),
    count: older && state.liveCount > limit,
    replacement: body > 0 && fixed + turn.tally.tokens > budget.tokens,
  };
}

export function isDue(due: DueCut): boolean {
  return due.tokens || due.count || due.replacement;
}
