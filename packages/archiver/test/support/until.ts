import { setTimeout as delay } from 'node:timers/promises';

const deadlineMs = 20_000;

/** Waits until `condition` holds; looks often. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited in vain: ${what}`);
    await delay(5);
  }
}

/** A gate that a test opens. */
export class Gate {
  readonly #opened = Promise.withResolvers<undefined>();
  /** How many have come to it. */
  arrived = 0;

  open(): void {
    this.#opened.resolve(undefined);
  }

  async pass(): Promise<void> {
    this.arrived += 1;
    await this.#opened.promise;
  }
}
