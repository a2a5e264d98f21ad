import { createRandom } from '@fastpaca/raft-core';

/** What one object may do. Where an operation may leave more than one state, all of them are given. */
export interface Model<State, Op> {
  readonly initial: State;
  /** The states after the operation with the outcome that it had; none if it cannot have had that here. */
  step(state: State, op: Op): readonly State[];
  /** Two states with the same key are the same. */
  key(state: State): string;
}

export interface Timed<Op> {
  readonly op: Op;
  readonly invokedAt: number;
  /** Infinity where nobody was told: it may take effect at any later time. */
  readonly completedAt: number;
  /** It may also never have taken effect. */
  readonly optional: boolean;
}

export type Verdict<State, Op> =
  | { readonly kind: 'linearizable'; readonly steps: number }
  | {
      readonly kind: 'not linearizable';
      readonly steps: number;
      /** The furthest that any order came: the state there, and the operations none of which could be next. */
      readonly state: State;
      readonly stuckAt: readonly Timed<Op>[];
    }
  | { readonly kind: 'undecided'; readonly steps: number };

/** One choice of the search that can be taken back. */
interface Choice<State> {
  readonly index: number;
  readonly before: State;
  readonly rest: readonly { readonly index: number; readonly state: State }[];
}

/**
 * Whether the operations can be put into one order that respects real time and that the model allows: the search of
 * Wing and Gong, with Lowe's memory of what was tried, as in Porcupine. It takes one operation after the other among
 * those that no other must precede, and goes back where it is stuck. Exact, except that the set of operations taken is
 * remembered by a 64-bit hash.
 *
 * @param maxSteps the search gives up after so many; the verdict is then `undecided`, which a caller must not take for
 * a pass
 */
export function linearize<State, Op>(
  model: Model<State, Op>,
  operations: readonly Timed<Op>[],
  maxSteps = 5_000_000,
): Verdict<State, Op> {
  const search = new Search(model, operations);
  return search.run(maxSteps);
}

class Search<State, Op> {
  readonly #model: Model<State, Op>;
  readonly #operations: readonly Timed<Op>[];
  readonly #marks: BigUint64Array;
  readonly #taken: Uint8Array;
  readonly #tried = new Set<string>();
  /** The first operation that is not taken: the scan for candidates begins there. */
  #first = 0;
  #mandatoryLeft: number;
  #hash = 0n;
  #state: State;
  #best: { left: number; state: State; stuckAt: readonly Timed<Op>[] };

  constructor(model: Model<State, Op>, operations: readonly Timed<Op>[]) {
    this.#model = model;
    this.#operations = operations.toSorted((a, b) => a.invokedAt - b.invokedAt);
    this.#marks = marksOf(operations.length);
    this.#taken = new Uint8Array(operations.length);
    this.#mandatoryLeft = operations.filter(({ optional }) => !optional).length;
    this.#state = model.initial;
    this.#best = { left: Infinity, state: model.initial, stuckAt: [] };
  }

  run(maxSteps: number): Verdict<State, Op> {
    const choices: Choice<State>[] = [];
    let steps = 0;
    let options = this.#options();
    while (this.#mandatoryLeft > 0) {
      steps += 1;
      if (steps > maxSteps) return { kind: 'undecided', steps };
      const [next, ...rest] = options;
      if (next !== undefined) {
        choices.push({ index: next.index, before: this.#state, rest });
        this.#take(next.index, next.state);
        options = this.#isNew() ? this.#options() : [];
        continue;
      }
      const last = choices.pop();
      if (last === undefined) {
        return { kind: 'not linearizable', steps, state: this.#best.state, stuckAt: this.#best.stuckAt };
      }
      this.#takeBack(last);
      options = last.rest;
    }
    return { kind: 'linearizable', steps };
  }

  #isNew(): boolean {
    const key = `${this.#hash.toString(36)} ${this.#model.key(this.#state)}`;
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    return true;
  }

  /** What may come next, mandatory operations first: an optional one is only tried where nothing else leads on. */
  #options(): readonly { readonly index: number; readonly state: State }[] {
    const candidates = this.#candidates();
    const found: { index: number; state: State }[] = [];
    const tried = new Set<string>();
    for (const index of candidates) {
      const { op, optional } = this.#at(index);
      if (optional) {
        // Nobody waits for any of them, so of several that are the same the first stands for all.
        const same = JSON.stringify(op);
        if (tried.has(same)) continue;
        tried.add(same);
      }
      for (const state of this.#model.step(this.#state, op)) found.push({ index, state });
    }
    if (this.#mandatoryLeft < this.#best.left) {
      const stuckAt = candidates.map((index) => this.#at(index)).filter(({ optional }) => !optional);
      this.#best = { left: this.#mandatoryLeft, state: this.#state, stuckAt };
    }
    return found;
  }

  /** Operations that no other one, not taken yet, has completed before. */
  #candidates(): number[] {
    const mandatory: number[] = [];
    const optional: number[] = [];
    let earliestEnd = Infinity;
    for (let index = this.#first; index < this.#operations.length; index += 1) {
      if (this.#taken[index] === 1) continue;
      const operation = this.#at(index);
      if (operation.invokedAt > earliestEnd) break;
      if (operation.completedAt < earliestEnd) earliestEnd = operation.completedAt;
      (operation.optional ? optional : mandatory).push(index);
    }
    mandatory.sort((a, b) => this.#at(a).completedAt - this.#at(b).completedAt);
    return [...mandatory, ...optional];
  }

  #take(index: number, state: State): void {
    this.#flip(index, 1);
    this.#state = state;
    while (this.#taken[this.#first] === 1) this.#first += 1;
  }

  #takeBack({ index, before }: Choice<State>): void {
    this.#flip(index, 0);
    this.#state = before;
    if (index < this.#first) this.#first = index;
  }

  #flip(index: number, taken: 0 | 1): void {
    this.#taken[index] = taken;
    this.#hash ^= this.#marks[index] ?? 0n;
    if (!this.#at(index).optional) this.#mandatoryLeft += taken === 1 ? -1 : 1;
  }

  #at(index: number): Timed<Op> {
    const operation = this.#operations[index];
    if (operation === undefined) throw new RangeError(`no operation ${index}`);
    return operation;
  }
}

/** A random word for each operation; the set of those taken is the exclusive or of theirs. */
function marksOf(count: number): BigUint64Array {
  const random = createRandom(1);
  const word = (): bigint => BigInt(Math.floor(random() * 0x1_0000_0000));
  return BigUint64Array.from({ length: count }, () => (word() << 32n) | word());
}
