/** One append as a client sent it: its messages carry texts that no other append has. */
export interface Append {
  readonly context: string;
  readonly texts: readonly string[];
  readonly keyed: boolean;
  /** The request, as it was sent and may be sent again. */
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Acknowledgement {
  readonly append: Append;
  readonly seqs: readonly number[];
  readonly version: number;
}

/** What the clients know: the history that the server is held to after each crash. */
export class CrashLog {
  readonly acknowledged: Acknowledgement[] = [];
  /** Sent without a key and never answered: may be there once, or not at all. */
  readonly uncertain: Append[] = [];
  /** Appends with a key that had to be sent again, because a crash swallowed the answer. */
  retried = 0;
  /** Of these, how many the crash had let through: the answer said `deduped`. */
  deduplicated = 0;
  readonly #versions = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  acknowledge(append: Append, seqs: readonly number[], version: number): void {
    this.acknowledged.push({ append, seqs, version });
    this.sawVersion(append.context, version);
    for (const look of this.#waiting) look();
  }

  /** Resolves after the acknowledgement that makes the condition true. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  sawVersion(context: string, version: number): void {
    this.#versions.set(context, Math.max(version, this.highestVersion(context)));
  }

  /** The highest version that any answer named. */
  highestVersion(context: string): number {
    return this.#versions.get(context) ?? 0;
  }
}
