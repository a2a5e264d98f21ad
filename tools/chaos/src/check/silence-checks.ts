import type { Silence } from '../history/recorder.ts';
import type { Violation } from '../history/operation.ts';

/** A time in which a node had a reason not to answer. */
export interface Excuse {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

/** No request hangs past its deadline on a node that runs: it answers, if only with 503 or 504. */
export function checkSilences(silences: readonly Silence[], excuses: readonly Excuse[]): Violation[] {
  return silences
    .filter(({ node, from, to }) =>
      excuses.every((excuse) => excuse.node !== node || excuse.to < from || excuse.from > to),
    )
    .map(({ node, from, to, what }) => ({
      check: 'no request hangs',
      message: `${what} at ${node} had no answer after ${Math.round(to - from)} ms, from ${(from / 1_000).toFixed(1)} s`,
    }));
}
