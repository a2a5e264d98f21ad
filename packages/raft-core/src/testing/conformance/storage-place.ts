import { ok } from 'node:assert/strict';
import type { GroupId } from '../../ids.js';
import type { RaftStorage, StoredGroup } from '../../storage/storage.js';

/** A place that a storage lives in, empty at first. What is optional adds cases. */
export interface StoragePlace {
  /** A new storage over the place. The suite calls its `open`. */
  start(): Promise<RaftStorage> | RaftStorage;
  /** Ends the process that holds `storage` without `close`, as far as the store can do that. */
  crash?(storage: RaftStorage): Promise<void>;
  /** Makes the next write of `storage` fail. */
  failNextWrite?(storage: RaftStorage): void | Promise<void>;
  /** Damages what is stored of the group, while no storage is open. */
  damage?(group: GroupId): Promise<void>;
  /** Removes the place. Called once, whatever happened. */
  dispose?(): Promise<void>;
}

export function healthy(
  found: readonly StoredGroup[],
  group: GroupId,
): Extract<StoredGroup, { status: 'healthy' }> {
  const stored = found.find((candidate) => candidate.group === group);
  ok(stored !== undefined, `group ${group} is not reported by open`);
  ok(stored.status === 'healthy', `group ${group} is reported as damaged`);
  return stored;
}

/** Opens the place anew, after a close, and compares the group with what was written. */
export class Session {
  readonly place: StoragePlace;
  #storage: RaftStorage | null = null;

  constructor(place: StoragePlace) {
    this.place = place;
  }

  async open(): Promise<{ storage: RaftStorage; found: readonly StoredGroup[] }> {
    await this.close();
    const storage = await this.place.start();
    this.#storage = storage;
    return { storage, found: await storage.open() };
  }

  async crash(): Promise<void> {
    if (this.#storage !== null) await this.place.crash?.(this.#storage);
    this.#storage = null;
  }

  async close(): Promise<void> {
    const storage = this.#storage;
    this.#storage = null;
    await storage?.close();
  }
}

export type Check = (session: Session) => Promise<void>;
