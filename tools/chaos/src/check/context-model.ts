import type { Model } from './linearize.ts';

/** A context as far as the answers show it. What the messages say is checked against the log itself. */
export interface ContextState {
  readonly version: number;
  readonly lastSeq: number;
  readonly tombstoned: boolean;
}

/** An operation with what is known of its effect. */
export type ContextOp =
  | {
      readonly kind: 'append';
      readonly firstSeq: number;
      readonly count: number;
      readonly ifVersion: number | null;
      /** Null: nobody was told. */
      readonly version: number | null;
    }
  | { readonly kind: 'compact'; readonly ifVersion: number | null; readonly version: number | null }
  | { readonly kind: 'tombstone' }
  | { readonly kind: 'revive' }
  | {
      readonly kind: 'read';
      readonly version: number | null;
      readonly lastSeq: number | null;
      readonly tombstoned: boolean | null;
    };

/**
 * @param cuts Whether the context's policy compacts by itself: an append then moves the version by one, or by two
 * where it made the policy cut. When that happens is the policy's business, so both are allowed.
 */
export function contextModel(cuts: boolean): Model<ContextState, ContextOp> {
  return {
    initial: { version: 0, lastSeq: 0, tombstoned: false },
    key: ({ version, lastSeq, tombstoned }) => `${version} ${lastSeq} ${tombstoned ? 1 : 0}`,
    step: (state, op) => {
      switch (op.kind) {
        case 'append':
          return append(state, op, cuts ? [1, 2] : [1]);
        case 'compact': {
          const version = state.version + 1;
          const fits = mayWrite(state, op.ifVersion) && matches(op.version, version);
          return fits ? [{ ...state, version }] : [];
        }
        case 'tombstone':
          return [{ ...state, tombstoned: true }];
        case 'revive':
          return [{ ...state, tombstoned: false }];
        case 'read': {
          const fits =
            matches(op.version, state.version) &&
            matches(op.lastSeq, state.lastSeq) &&
            matches(op.tombstoned, state.tombstoned);
          return fits ? [state] : [];
        }
      }
    },
  };
}

function append(
  state: ContextState,
  op: Extract<ContextOp, { kind: 'append' }>,
  moves: readonly number[],
): ContextState[] {
  if (!mayWrite(state, op.ifVersion) || op.firstSeq !== state.lastSeq + 1) return [];
  return moves
    .map((move) => state.version + move)
    .filter((version) => matches(op.version, version))
    .map((version) => ({ ...state, version, lastSeq: state.lastSeq + op.count }));
}

const mayWrite = (state: ContextState, ifVersion: number | null): boolean =>
  !state.tombstoned && matches(ifVersion, state.version);

const matches = <T>(expected: T | null, actual: T): boolean => expected === null || expected === actual;
