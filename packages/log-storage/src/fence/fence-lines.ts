import type { FenceLine } from './fence-codec.js';

interface KeptLine extends FenceLine {
  last: number;
  compacted: number;
  destroyed: boolean;
  changed: boolean;
}

/**
 * Every group's last line, and which of them changed since the last record. Each write changes the lines of many groups,
 * and a record follows after many writes: so a line is changed where it is, found by the number of its group.
 */
export class FenceLines {
  readonly #lines: (KeptLine | undefined)[] = [];
  #changed: KeptLine[] = [];

  set({ group, last, compacted, destroyed }: FenceLine): void {
    const known = this.#lines[group];
    if (known === undefined) {
      const line = { group, last, compacted, destroyed, changed: true };
      this.#lines[group] = line;
      this.#changed.push(line);
      return;
    }
    known.last = last;
    known.compacted = compacted;
    known.destroyed = destroyed;
    if (known.changed) return;
    known.changed = true;
    this.#changed.push(known);
  }

  /** Those that changed. They are as they are until the next `set`. */
  takeChanged(): readonly FenceLine[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const line of changed) line.changed = false;
    return changed;
  }

  /** The lines of all groups that were not destroyed. */
  live(): readonly FenceLine[] {
    const live: FenceLine[] = [];
    // Only the places that are filled are visited.
    this.#lines.forEach((line) => {
      if (line?.destroyed === false) live.push(line);
    });
    return live;
  }
}
