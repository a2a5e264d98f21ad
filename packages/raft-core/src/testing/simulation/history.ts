/** The checker found that a promise was broken. `rule` names which. */
export class Violation extends Error {
  readonly rule: string;
  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.name = 'Violation';
    this.rule = rule;
  }
}

interface Operation {
  /** The highest rank of any operation that had completed when this one was invoked. */
  readonly floor: number;
}

/**
 * Linearizability of a list that grows: an append answers with the position it got (1 is the
 * first), a read with the length it saw. Checked while the run goes on, at constant cost.
 *
 * Why it is exact, not a sample. Every append has rank 2 × position and every read 2 × length + 1,
 * so any linearization must order the operations by rank: appends stand in the list's order, and a
 * read of length n stands after append n and before append n + 1. Operations of equal rank are
 * reads that see the same list, which commute. Hence a linearization exists if and only if the
 * order by rank never contradicts real time, that is, no operation is invoked after another of a
 * higher rank has completed. (If none is, sorting by rank, and by invocation within a rank, gives
 * one; if one is, no order can respect both.) The condition compares each operation with the
 * highest rank completed before its invocation, which is one number.
 *
 * An append without an answer may take effect at any later time or never. Where it did take
 * effect, it has a position and its rank must respect what had completed before its invocation;
 * its completion binds nobody. `test/simulation/history.test.ts` compares all this with an
 * exhaustive search over random small histories.
 */
export class History {
  readonly #open = new Map<number, Operation>();
  readonly #positions = new Map<number, number>();
  #completed = 0;
  #acknowledged = 0;
  #reads = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get reads(): number {
    return this.#reads;
  }

  /** The operation starts. A retry of it is the same operation. */
  invoke(operation: number): void {
    this.#open.set(operation, { floor: this.#completed });
  }

  /** The list holds the append at `position`: called once, when any replica first applies it. */
  tookEffect(operation: number, position: number): void {
    const earlier = this.#positions.get(operation);
    if (earlier !== undefined) {
      throw new Violation(
        'exactly once',
        `operation ${operation} is in the list at ${earlier} and again at ${position}`,
      );
    }
    this.#positions.set(operation, position);
    const open = this.#open.get(operation);
    if (open === undefined)
      throw new Violation(
        'no phantoms',
        `operation ${operation} was applied but never invoked, or after its rejection`,
      );
    if (2 * position < open.floor) {
      throw new Violation(
        'linearizability',
        `append ${operation} took position ${position}, though an operation of rank ${open.floor} had completed before it was invoked`,
      );
    }
  }

  appended(operation: number, position: number): void {
    const actual = this.#positions.get(operation);
    if (actual !== position) {
      throw new Violation(
        'durability',
        `append ${operation} was answered with position ${position}, the list has it at ${actual ?? 'no place'}`,
      );
    }
    this.#acknowledged += 1;
    this.#complete(operation, 2 * position);
  }

  read(operation: number, length: number): void {
    this.#reads += 1;
    const floor = this.#open.get(operation)?.floor ?? 0;
    const rank = 2 * length + 1;
    if (rank < floor) {
      throw new Violation(
        'linearizability',
        `read ${operation} saw ${length} items, though rank ${floor} had completed before it was invoked`,
      );
    }
    this.#complete(operation, rank);
    this.#open.delete(operation);
  }

  #complete(operation: number, rank: number): void {
    if (!this.#open.has(operation))
      throw new Violation('history', `operation ${operation} completed but was never invoked`);
    if (rank > this.#completed) this.#completed = rank;
  }

  /** The read will not be answered: it has no effect, so nothing is to be checked. */
  abandonRead(operation: number): void {
    this.#open.delete(operation);
  }

  /** Every attempt was rejected as certainly never appended: from now on it must not appear. */
  rejected(operation: number): void {
    const position = this.#positions.get(operation);
    if (position !== undefined) {
      throw new Violation(
        'rejected means never',
        `append ${operation} was rejected, yet the list has it at ${position}`,
      );
    }
    this.#open.delete(operation);
  }

  /** Where the append stands in the list, if it took effect. */
  position(operation: number): number | undefined {
    return this.#positions.get(operation);
  }
}
