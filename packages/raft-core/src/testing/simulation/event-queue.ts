interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Virtual time: what is due next, in order of time and, at the same time, of scheduling. */
export class EventQueue {
  #heap: Event[] = [];
  #order = 0;
  #now = 0;

  /** Milliseconds since the start of the run. */
  get now(): number {
    return this.#now;
  }

  get size(): number {
    return this.#heap.length;
  }

  after(delayMs: number, run: () => void): void {
    const event = { at: this.#now + delayMs, order: this.#order, run };
    this.#order += 1;
    const heap = this.#heap;
    let child = heap.length;
    heap.push(event);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(event, above)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = event;
  }

  /** Runs the next event. False where none is left. */
  step(): boolean {
    const next = this.#heap[0];
    if (next === undefined) return false;
    this.#removeFirst();
    this.#now = next.at;
    next.run();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    if (moved === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = parent * 2 + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && before(right, below)) {
        child += 1;
        below = right;
      }
      if (!before(below, moved)) break;
      heap[parent] = below;
      parent = child;
    }
    heap[parent] = moved;
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
