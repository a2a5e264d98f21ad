import type { Excuse } from '../check/silence-checks.ts';

const beatMs = 200;
const stallMs = 1_000;

/**
 * Times in which this process itself did not get to run. An answer that came meanwhile is read late, and its deadline
 * fires first: that is not the node's silence.
 */
export class OwnStalls {
  readonly stalls: { readonly from: number; readonly to: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#beat(), beatMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  excuses(nodes: readonly string[]): Excuse[] {
    return this.stalls.flatMap((stall) => nodes.map((node) => ({ node, ...stall })));
  }

  #beat(): void {
    const now = performance.now();
    if (now - this.#last > stallMs) this.stalls.push({ from: this.#last, to: now });
    this.#last = now;
  }
}
