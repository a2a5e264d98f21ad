import type { RejectReason, Term } from '@fastpaca/raft-core';

import { sameLeadership, type Leadership } from './leaderships.js';
import type { Repetition } from './repetition.js';

/** How one try to propose a command ended, where it did not end with a result. */
export type TryEnd =
  /** Certainly not in any log, now or ever. `here`: this node said so, and knows of no other leader. */
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly here: boolean }
  /** The node did not get it. */
  | { readonly kind: 'undelivered'; readonly reason: string }
  /** It may be in a log of this term or an earlier one. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly term: Term };

/** What is known of a write that has not ended. Plain data: each step makes another one. */
export interface WriteState {
  readonly repetition: Repetition;
  /** The leadership that was tried last. */
  readonly tried: Leadership | null;
  /** Tries that led nowhere since another leadership was known: the wait before the next grows with it. */
  readonly fruitless: number;
  /** Whether a wait came after the last try. */
  readonly waited: boolean;
  /** An earlier try may have been committed, in this term or before; null: certainly none. */
  readonly doubt: { readonly term: Term; readonly reason: string } | null;
  readonly lastReason: string;
  /** How the call fails whatever time is left. */
  readonly final: 'overloaded' | 'too_large' | 'unavailable' | null;
}

export const newWrite = (repetition: Repetition): WriteState => ({
  repetition,
  tried: null,
  fruitless: 0,
  waited: false,
  doubt: null,
  lastReason: 'no leader is known',
  final: null,
});

export type WriteStep =
  | { readonly kind: 'try'; readonly at: Leadership }
  /** Until another leader is known, at most so long. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail'; readonly failure: WriteFailure; readonly reason: string };

/** All but `outcome_unknown` say that certainly nothing was written. */
export type WriteFailure = 'overloaded' | 'too_large' | 'unavailable' | 'outcome_unknown';

const firstWaitMs = 10;
const longestWaitMs = 320;

/** What to do next, with the leader that is known now and the time that is left. */
export function nextStep(state: WriteState, known: Leadership | null, remainingMs: number): WriteStep {
  const { doubt } = state;
  // What matters to the caller is why it is not known, not what came after.
  const reason = doubt?.reason ?? state.lastReason;
  if (doubt !== null && (state.repetition === 'duplicating' || state.final !== null)) {
    return { kind: 'fail', failure: 'outcome_unknown', reason };
  }
  if (state.final !== null) return { kind: 'fail', failure: state.final, reason };
  if (remainingMs <= 0) {
    return { kind: 'fail', failure: doubt === null ? 'unavailable' : 'outcome_unknown', reason };
  }
  const wait: WriteStep = { kind: 'wait', ms: Math.min(remainingMs, waitMs(state.fruitless)) };
  if (known === null) return wait;
  if (doubt !== null && state.repetition === 'overwriting' && known.term <= doubt.term) return wait;
  if (sameLeadership(known, state.tried) && !state.waited) return wait;
  return { kind: 'try', at: known };
}

export function afterTry(state: WriteState, at: Leadership, end: TryEnd): WriteState {
  const again = sameLeadership(at, state.tried);
  const next: WriteState = {
    ...state,
    tried: at,
    fruitless: again ? state.fruitless + 1 : 0,
    waited: false,
    lastReason: end.reason,
  };
  switch (end.kind) {
    case 'rejected':
      return { ...next, final: finalOf(end) };
    case 'undelivered':
      return next;
    case 'unknown':
      return { ...next, doubt: later(state.doubt, end) };
  }
}

export const afterWait = (state: WriteState): WriteState => ({
  ...state,
  waited: true,
  fruitless: state.waited ? state.fruitless + 1 : state.fruitless,
});

/**
 * Whether to give up on a try that has no answer yet, since another node leads by now. The outcome of the
 * try is then unknown; a command that must not be repeated waits for it.
 */
export function isSuperseded(repetition: Repetition, at: Leadership, known: Leadership | null): boolean {
  return repetition !== 'duplicating' && known !== null && known.term > at.term;
}

function finalOf({ reason, here }: Extract<TryEnd, { kind: 'rejected' }>): WriteState['final'] {
  switch (reason) {
    case 'overloaded':
    case 'too_large':
      return reason;
    case 'closing':
      // It still leads, so nobody else can take the write, and it takes none any more.
      return here ? 'unavailable' : null;
    case 'not_leader':
    case 'no_group':
    case 'damaged':
    case 'transferring':
      return null;
  }
}

const waitMs = (fruitless: number): number => Math.min(longestWaitMs, firstWaitMs * 2 ** fruitless);

const later = (doubt: WriteState['doubt'], end: NonNullable<WriteState['doubt']>): WriteState['doubt'] =>
  doubt !== null && doubt.term > end.term ? doubt : { term: end.term, reason: end.reason };
