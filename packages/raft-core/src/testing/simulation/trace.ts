/** What a line of the trace is about: the first number that is hashed. */
export const TraceKind = {
  propose: 1,
  outcome: 2,
  read: 3,
  readOutcome: 4,
  receive: 5,
  send: 6,
  write: 7,
  landed: 8,
  apply: 9,
  role: 10,
  process: 11,
  fault: 12,
  snapshot: 13,
  commit: 14,
} as const;

/**
 * What happened, as one running hash, and as readable lines where they are asked for. Two runs of a
 * seed must end with the same hash: anything else means that something reads a clock or a global.
 */
export class Trace {
  readonly #write: ((line: string) => void) | null;
  readonly #now: () => number;
  #hash = 0x811c9dc5;
  #second = 0x1b873593;

  constructor(now: () => number, write: ((line: string) => void) | null) {
    this.#now = now;
    this.#write = write;
  }

  /** 64 bits of everything noted so far. */
  get hash(): string {
    return hex(this.#hash) + hex(this.#second);
  }

  /** Mixes the numbers into the hash, and writes the line where lines are wanted. */
  note(kind: number, a: number, b: number, c: number, line: () => string): void {
    this.#mix(kind);
    this.#mix(a);
    this.#mix(b);
    this.#mix(c);
    this.#mix(this.#now() * 1_000);
    if (this.#write !== null) this.#write(`${this.#now().toFixed(3).padStart(12)}  ${line()}`);
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value | 0), 0x01000193);
    this.#second = (Math.imul(this.#second ^ (value | 0), 0x85ebca6b) + this.#hash) | 0;
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
