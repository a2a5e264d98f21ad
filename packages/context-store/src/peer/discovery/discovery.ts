import type { NodeId, Random } from '@fastpaca/raft-core';

import type { DialledAddress } from '../peer-status.js';
import { AddressBook } from './address-book.js';
import type { BookEntry } from './address-book.js';
import { formatAddress } from './address.js';
import type { Address } from './address.js';
import type { DialOutcome } from './connector.js';
import { SeedResolver } from './seed-resolver.js';
import type { Lookup } from './seed-resolver.js';

export interface DiscoveryOptions {
  readonly seeds: readonly Address[];
  readonly lookup: Lookup;
  readonly random: Random;
  readonly discoveryMs: number;
  readonly retryMs: number;
  readonly forgetMs: number;
  readonly maxAddresses: number;
  dial(address: Address): Promise<DialOutcome>;
  isConnected(peer: NodeId): boolean;
  /** Once per address and reason. */
  failed(address: string, message: string): void;
}

const MAX_DIALLING = 16;

/** Finds the other nodes: resolves the seeds again and again, and dials whoever is known and not connected. */
export class Discovery {
  readonly #book: AddressBook;
  readonly #resolver: SeedResolver;
  #dialling = 0;
  #resolveAt = 0;
  #closed = false;
  #hasLooked = false;

  constructor(private readonly options: DiscoveryOptions) {
    const { seeds, lookup, random, retryMs, forgetMs, maxAddresses, failed } = options;
    this.#book = new AddressBook({ maxAddresses, retryMs, forgetMs, random });
    const found = (address: Address): void => {
      this.#book.heardOf(address, performance.now(), true);
      this.#dialDue();
    };
    this.#resolver = new SeedResolver(seeds, lookup, found, failed);
  }

  /** True where it began a round: every few seconds, not all nodes at the same moment. */
  tick(): boolean {
    const now = performance.now();
    const begins = now >= this.#resolveAt;
    if (begins) {
      this.#resolveAt = now + this.options.discoveryMs * (0.75 + this.options.random() / 2);
      void this.#resolver.resolve();
    }
    this.#dialDue();
    return begins;
  }

  heardOf(address: Address, peer: NodeId | null): void {
    this.#book.heardOf(address, performance.now(), false, peer);
  }

  lost(peer: NodeId): void {
    this.#book.lost(peer, performance.now());
  }

  /** Whether every address was tried once, with whatever outcome. */
  hasLooked(): boolean {
    const { isConnected } = this.options;
    this.#hasLooked ||=
      this.#resolver.hasResolved && this.#book.list(isConnected).every(({ state }) => state !== 'dialling');
    return this.#hasLooked;
  }

  close(): void {
    this.#closed = true;
  }

  list(): DialledAddress[] {
    return [...this.#book.list(this.options.isConnected), ...this.#resolver.failing()];
  }

  #dialDue(): void {
    if (this.#closed) return;
    for (const entry of this.#book.due(performance.now(), this.options.isConnected)) {
      if (this.#dialling >= MAX_DIALLING) return;
      void this.#dial(entry);
    }
  }

  async #dial(entry: BookEntry): Promise<void> {
    entry.dialling = true;
    this.#dialling += 1;
    const outcome = await this.options.dial(entry);
    this.#dialling -= 1;
    entry.dialling = false;
    const now = performance.now();
    switch (outcome.kind) {
      case 'reached':
        this.#book.reached(entry, outcome.peer, now);
        return;
      case 'self':
        this.#book.reachedSelf(entry, now);
        return;
      case 'failed':
        if (this.#book.failed(entry, outcome.message, now) && !this.#closed) {
          this.options.failed(formatAddress(entry), outcome.message);
        }
        return;
      case 'refused':
        this.#book.failed(entry, outcome.message, now);
        return;
    }
  }
}
