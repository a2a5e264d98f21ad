import type { NodeId } from '@fastpaca/raft-core';

/** A replica that may carry out a read: this node's, or another node's. */
export type ReadTarget = 'here' | NodeId;

/** What is known of a read that has no answer yet. Plain data: each step makes another one. */
export interface ReadState {
  /** Times that all replicas were tried. */
  readonly round: number;
  /** In this round. */
  readonly tried: readonly ReadTarget[];
}

export const newRead: ReadState = { round: 0, tried: [] };

export type ReadStep =
  | { readonly kind: 'try'; readonly target: ReadTarget; readonly ms: number }
  /** All replicas failed, or none can be reached: they may do better later. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail' };

const firstWaitMs = 20;
const longestWaitMs = 320;

/**
 * The next replica to ask, each once a round, the nearest first. While there is another one to turn to, a
 * replica gets half of the time that is left: one that hangs must not use it up.
 */
export function nextRead(state: ReadState, candidates: readonly ReadTarget[], remainingMs: number): ReadStep {
  if (remainingMs <= 0) return { kind: 'fail' };
  const [target, ...rest] = candidates.filter((candidate) => !state.tried.includes(candidate));
  if (target === undefined) {
    return { kind: 'wait', ms: Math.min(remainingMs, longestWaitMs, firstWaitMs * 2 ** state.round) };
  }
  return { kind: 'try', target, ms: shareOf(remainingMs, rest.length > 0) };
}

export const shareOf = (remainingMs: number, othersFollow: boolean): number =>
  othersFollow ? remainingMs / 2 : remainingMs;

export const afterFailure = (state: ReadState, target: ReadTarget): ReadState => ({
  ...state,
  tried: [...state.tried, target],
});

export const afterReadWait = ({ round }: ReadState): ReadState => ({ round: round + 1, tried: [] });
