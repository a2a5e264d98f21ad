const SMALLEST = 4;
/** More room than this is given back once nothing is left. */
const KEPT = 64;

/**
 * A queue that can be read at any place. What was taken out is let go at once: in an array with a head, what is before
 * the head lives on, and the garbage collector copies it.
 */
export class Ring<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(SMALLEST).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[this.#slot(this.#length)] = item;
    this.#length += 1;
  }

  /** The item at `place`, counted from the oldest; undefined beyond the end. */
  at(place: number): T | undefined {
    return place < this.#length ? this.#slots[this.#slot(place)] : undefined;
  }

  /** Takes out the oldest. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = this.#slot(1);
    this.#length -= 1;
    if (this.#length === 0 && this.#slots.length > KEPT) this.clear();
    return item;
  }

  /** Takes out the newest. */
  pop(): T | undefined {
    if (this.#length === 0) return undefined;
    this.#length -= 1;
    const slot = this.#slot(this.#length);
    const item = this.#slots[slot];
    this.#slots[slot] = undefined;
    return item;
  }

  /** The items from `from` up to and not including `to`. */
  slice(from: number, to: number): T[] {
    const first = this.at(from);
    if (first === undefined || from >= to) return [];
    // Most are of one item: a literal has no more places than it needs.
    const items = [first];
    for (let place = from + 1; place < to; place += 1) {
      const item = this.at(place);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  clear(): void {
    this.#slots = new Array<T | undefined>(SMALLEST).fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  /** The number of slots is a power of two. */
  #slot(place: number): number {
    return (this.#head + place) & (this.#slots.length - 1);
  }

  #grow(): void {
    const slots = new Array<T | undefined>(this.#slots.length * 2).fill(undefined);
    for (let place = 0; place < this.#length; place += 1) slots[place] = this.#slots[this.#slot(place)];
    this.#slots = slots;
    this.#head = 0;
  }
}
