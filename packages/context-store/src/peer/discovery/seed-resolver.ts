import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import type { DialledAddress } from '../peer-status.js';
import { formatAddress } from './address.js';
import type { Address } from './address.js';

export type Lookup = (host: string) => Promise<readonly string[]>;

/** The system's resolver, so that /etc/hosts counts: all addresses, IPv4 and IPv6. */
export const systemLookup: Lookup = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** Turns seeds into addresses, one name at a time: a lookup holds one of the few threads that the disk uses too. */
export class SeedResolver {
  readonly #errors = new Map<string, string>();
  #busy = false;
  #hasResolved = false;

  constructor(
    private readonly seeds: readonly Address[],
    private readonly lookup: Lookup,
    private readonly found: (address: Address) => void,
    private readonly failed: (seed: string, message: string) => void,
  ) {}

  /** Does nothing while the last round is not over. */
  async resolve(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (const seed of this.seeds) await this.#resolveOne(seed);
    this.#busy = false;
    this.#hasResolved = true;
  }

  /** Whether a round is over. */
  get hasResolved(): boolean {
    return this.#hasResolved;
  }

  /** Seeds that lead nowhere. */
  failing(): DialledAddress[] {
    return [...this.#errors].map(([address, error]) => ({ address, state: 'failing', error }));
  }

  async #resolveOne(seed: Address): Promise<void> {
    const text = formatAddress(seed);
    try {
      const hosts = isIP(seed.host) === 0 ? await this.lookup(seed.host) : [seed.host];
      for (const host of hosts) this.found({ host, port: seed.port });
      this.#errors.delete(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (this.#errors.get(text) !== message) this.failed(text, message);
      this.#errors.set(text, message);
    }
  }
}
