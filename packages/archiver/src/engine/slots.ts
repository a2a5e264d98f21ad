/**
 * So many pieces of work at once. A slot is free again when its work has really ended, not when somebody
 * stopped to wait for it: else writes to a hung archive would pile up, one for every deadline.
 */
export class Slots {
  readonly #limit: number;
  #used = 0;
  #change = Promise.withResolvers<undefined>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get full(): boolean {
    return this.#used >= this.#limit;
  }

  /** Waits until a slot is free. The caller bounds the wait. */
  async free(): Promise<void> {
    while (this.full) await this.#change.promise;
  }

  /** Takes a slot at once: call it only where one is free. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#used += 1;
    const running = (async () => await work())();
    const end = (): void => {
      this.#used -= 1;
      this.#change.resolve(undefined);
      this.#change = Promise.withResolvers();
    };
    running.then(end, end);
    return running;
  }
}
