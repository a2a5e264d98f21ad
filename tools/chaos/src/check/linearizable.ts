import type { Operation, Violation } from '../history/operation.ts';
import { contextModel, type ContextOp, type ContextState } from './context-model.ts';
import { linearize, type Timed } from './linearize.ts';

/** The log of a context at the end, text by text: seq 1 first. */
export type FinalLog = readonly string[];

/**
 * Each context's operations must have one order that real time and the rules of a context allow. Appends of unknown
 * outcome are looked up in the log at the end: those in it took effect at any time after they were sent, the others
 * never.
 */
export function checkLinearizable(
  context: string,
  operations: readonly Operation[],
  log: FinalLog,
  options: { readonly cuts: boolean; readonly maxSteps?: number },
): Violation[] {
  const seqOf = new Map(log.map((text, index) => [text, index + 1]));
  const timed = operations.flatMap((operation) => timedOp(operation, seqOf));
  const verdict = linearize(contextModel(options.cuts), timed, options.maxSteps);
  const broken = (message: string): Violation[] => [{ check: 'linearizable', context, message }];
  switch (verdict.kind) {
    case 'linearizable':
      return [];
    case 'undecided':
      return broken(`undecided after ${verdict.steps} steps over ${timed.length} operations`);
    case 'not linearizable':
      return broken(explain(verdict.state, verdict.stuckAt));
  }
}

function explain(state: ContextState, stuckAt: readonly Timed<ContextOp>[]): string {
  const ops = stuckAt.slice(0, 5).map(({ op, invokedAt, completedAt }) => {
    const end = completedAt === Infinity ? 'no answer' : `${(completedAt / 1_000).toFixed(3)} s`;
    return `${JSON.stringify(op)} from ${(invokedAt / 1_000).toFixed(3)} s to ${end}`;
  });
  return `no order explains the answers: at ${JSON.stringify(state)} none of these can be next: ${ops.join('; ')}`;
}

/** What the search has to place; nothing for an operation that certainly had no effect and saw nothing. */
function timedOp(operation: Operation, seqOf: ReadonlyMap<string, number>): Timed<ContextOp>[] {
  const { outcome, invokedAt, completedAt } = operation;
  const told = (op: ContextOp): Timed<ContextOp>[] => [{ op, invokedAt, completedAt, optional: false }];
  const sight = { version: null, lastSeq: null, tombstoned: null };
  switch (outcome.kind) {
    case 'failed':
      return [];
    case 'unknown':
      return untold(operation, seqOf);
    case 'seen':
      return told({ ...outcome, kind: 'read' });
    case 'conflict':
      return told({ ...sight, kind: 'read', version: outcome.currentVersion, tombstoned: false });
    case 'tombstoned':
      return told({ ...sight, kind: 'read', tombstoned: true });
    case 'appended':
    case 'compacted':
    case 'done': {
      const op = effectOf(operation, seqOf);
      return op === null ? [] : told(op);
    }
  }
}

function untold(operation: Operation, seqOf: ReadonlyMap<string, number>): Timed<ContextOp>[] {
  const op = effectOf(operation, seqOf);
  if (op === null) return [];
  // An append that is in the log did happen. Of the others nothing tells.
  return [{ op, invokedAt: operation.invokedAt, completedAt: Infinity, optional: op.kind !== 'append' }];
}

function effectOf({ action, outcome }: Operation, seqOf: ReadonlyMap<string, number>): ContextOp | null {
  switch (action.kind) {
    case 'read':
      return null;
    case 'append': {
      const { texts, ifVersion } = action;
      const firstSeq = outcome.kind === 'appended' ? outcome.seqs[0] : seqOf.get(texts[0] ?? '');
      if (firstSeq === undefined) return null;
      const version = outcome.kind === 'appended' ? outcome.version : null;
      return { kind: 'append', firstSeq, count: texts.length, ifVersion, version };
    }
    case 'compact':
      return {
        kind: 'compact',
        ifVersion: action.ifVersion,
        version: outcome.kind === 'compacted' ? outcome.version : null,
      };
    case 'tombstone':
    case 'revive':
      return { kind: action.kind };
  }
}
