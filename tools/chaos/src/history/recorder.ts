import { ObservedMessages } from './observed-messages.ts';
import { ObservedWindows } from './observed-windows.ts';
import type { Action, Operation, Outcome, Violation } from './operation.ts';

/** An answer that did not come in time, from a node that may or may not have had a reason. */
export interface Silence {
  readonly node: string;
  readonly from: number;
  readonly to: number;
  readonly what: string;
}

/** Everything that the clients know. What can be checked as it comes is checked at once. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly silences: Silence[] = [];
  readonly violations: Violation[] = [];
  readonly messages = new ObservedMessages();
  readonly windows = new ObservedWindows();
  readonly startedAt = performance.now();
  readonly counts = { ok: 0, refused: 0, failed: 0, unknown: 0 };
  #nextId = 0;

  sinceStart(): number {
    return performance.now() - this.startedAt;
  }

  /** Milliseconds of the clock that all times of a run are given in. */
  now(): number {
    return performance.now();
  }

  record(
    client: string,
    context: string,
    invokedAt: number,
    { action, outcome }: { action: Action; outcome: Outcome },
  ): void {
    const operation = {
      id: this.#nextId++,
      client,
      context,
      invokedAt,
      completedAt: this.now(),
      action,
      outcome,
    };
    this.operations.push(operation);
    this.counts[countOf(outcome)] += 1;
  }

  /** Takes what a check gave; most give null. */
  broken(violation: Violation | null): void {
    // A broken node shows the same fault with every answer: the first thousand tell the story.
    if (violation !== null && this.violations.length < 1_000) this.violations.push(violation);
  }
}

function countOf(outcome: Outcome): 'ok' | 'refused' | 'failed' | 'unknown' {
  switch (outcome.kind) {
    case 'appended':
    case 'compacted':
    case 'done':
    case 'seen':
      return 'ok';
    case 'conflict':
    case 'tombstoned':
      return 'refused';
    case 'failed':
      return 'failed';
    case 'unknown':
      return 'unknown';
  }
}
