import { StoreError } from '../store-error.js';
import type { ContextOutcome } from './import-context.js';

/** What an import did. */
export interface ImportReport {
  readonly imported: number;
  readonly replaced: number;
  /** Contexts that were there already, the same in every byte. */
  readonly unchanged: number;
  /** Messages that were written. */
  readonly messages: number;
  /** The first 1,000 contexts that were left as they are. */
  readonly conflicts: readonly { readonly id: string; readonly reason: string }[];
  readonly conflictCount: number;
}

const reportedConflicts = 1_000;

/** Counts what becomes of the contexts of an import. */
export class ImportTally {
  readonly #counts = { imported: 0, replaced: 0, unchanged: 0, messages: 0, conflictCount: 0 };
  readonly #conflicts: { id: string; reason: string }[] = [];

  add(id: string, outcome: ContextOutcome): void {
    switch (outcome.kind) {
      case 'imported':
      case 'replaced':
        this.#counts[outcome.kind] += 1;
        this.#counts.messages += outcome.messages;
        break;
      case 'unchanged':
        this.#counts.unchanged += 1;
        break;
      case 'conflict':
        this.#counts.conflictCount += 1;
        if (this.#conflicts.length < reportedConflicts) {
          this.#conflicts.push({ id, reason: outcome.reason });
        }
        break;
      case 'gone':
        break;
    }
  }

  report(): ImportReport {
    return { ...this.#counts, conflicts: this.#conflicts };
  }

  /** The same fault, and what is in the store nevertheless. */
  explain(fault: StoreError): StoreError {
    const { imported, replaced, unchanged } = this.#counts;
    const there = imported + replaced + unchanged;
    return new StoreError(
      'invalid_backup',
      `${fault.message} ${there} complete contexts before it are in the store; import the whole file to complete it.`,
      { cause: fault },
    );
  }
}
