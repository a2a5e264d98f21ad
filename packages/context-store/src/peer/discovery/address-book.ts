import type { NodeId, Random } from '@fastpaca/raft-core';

import type { DialledAddress } from '../peer-status.js';
import { formatAddress } from './address.js';
import type { Address } from './address.js';

export interface BookOptions {
  readonly maxAddresses: number;
  /** The longest pause before a failed address is dialled again, in milliseconds. */
  readonly retryMs: number;
  readonly forgetMs: number;
  readonly random: Random;
}

export interface BookEntry extends Address {
  readonly key: string;
  readonly fromSeed: boolean;
  /** Who answered there last. */
  peer: NodeId | null;
  isSelf: boolean;
  dialling: boolean;
  failures: number;
  error: string | null;
  /** Both on the caller's clock. */
  dialAt: number;
  heardOfAt: number;
}

const FIRST_RETRY_MS = 200;
/** An address that is this node's own now: behind a balancer it may be another's later. */
const SELF_RETRIES = 12;

/**
 * The addresses at which nodes may be, and when each is dialled next. Bounded, and what nobody speaks of
 * any more is dropped. No I/O, no clock of its own.
 */
export class AddressBook {
  readonly #entries = new Map<string, BookEntry>();

  constructor(private readonly options: BookOptions) {}

  /** A seed resolves to it, or a peer is or knows somebody there. */
  heardOf(address: Address, now: number, fromSeed: boolean, peer: NodeId | null = null): void {
    const key = formatAddress(address);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.heardOfAt = now;
      if (peer !== null) known.peer = peer;
      return;
    }
    if (this.#entries.size >= this.options.maxAddresses && !this.#makeRoom()) return;
    const { host, port } = address;
    const entry = {
      key,
      host,
      port,
      fromSeed,
      peer,
      isSelf: false,
      dialling: false,
      failures: 0,
      error: null,
    };
    this.#entries.set(key, { ...entry, dialAt: now, heardOfAt: now });
  }

  /** What is to be dialled now: whoever is not connected. */
  due(now: number, isConnected: (peer: NodeId) => boolean): BookEntry[] {
    const due: BookEntry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.dialling || (entry.peer !== null && isConnected(entry.peer))) continue;
      if (now - entry.heardOfAt > this.options.forgetMs) this.#entries.delete(entry.key);
      else if (entry.dialAt <= now) due.push(entry);
    }
    return due;
  }

  reached(entry: BookEntry, peer: NodeId, now: number): void {
    Object.assign(entry, { peer, isSelf: false, failures: 0, error: null, dialAt: now, heardOfAt: now });
  }

  reachedSelf(entry: BookEntry, now: number): void {
    const dialAt = now + this.#jittered(SELF_RETRIES * this.options.retryMs);
    Object.assign(entry, { peer: null, isSelf: true, failures: 0, error: null, dialAt });
  }

  /** True where it is news. */
  failed(entry: BookEntry, error: string, now: number): boolean {
    const isNews = entry.error !== error;
    entry.failures += 1;
    entry.error = error;
    entry.isSelf = false;
    const pause = FIRST_RETRY_MS * 2 ** Math.min(entry.failures - 1, 10);
    entry.dialAt = now + this.#jittered(Math.min(pause, this.options.retryMs));
    return isNews;
  }

  /** The peer is gone: all its addresses are dialled soon, not all nodes at the same moment. */
  lost(peer: NodeId, now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.peer !== peer) continue;
      entry.heardOfAt = now;
      entry.dialAt = now + this.options.random() * FIRST_RETRY_MS;
    }
  }

  list(isConnected: (peer: NodeId) => boolean): DialledAddress[] {
    return [...this.#entries.values()].map((entry) => {
      const { key: address, error, peer, isSelf } = entry;
      if (isSelf) return { address, state: 'self', error: null };
      if (peer !== null && isConnected(peer)) return { address, state: 'connected', error: null };
      return { address, state: error === null ? 'dialling' : 'failing', error };
    });
  }

  /** Drops the one that was heard of longest ago, but no seed and none in use. */
  #makeRoom(): boolean {
    let oldest: BookEntry | null = null;
    for (const entry of this.#entries.values()) {
      if (entry.fromSeed || entry.dialling || entry.failures === 0) continue;
      if (oldest === null || entry.heardOfAt < oldest.heardOfAt) oldest = entry;
    }
    return oldest !== null && this.#entries.delete(oldest.key);
  }

  #jittered(ms: number): number {
    return ms * (0.5 + this.options.random());
  }
}
