import type { GroupId } from '@fastpaca/raft-core';
import { LogStorageError } from '../errors.js';
import { epochBounds, spaceKey, stateKey } from '../layout/keys.js';
import type { Db, DbBatch } from '../store/db.js';
import { Waiters } from '../store/waiters.js';
import { checkLimits } from './key-limits.js';
import type { KeyOp, KeyPair, KeyRange } from './key-op.js';
import { KeySnapshot } from './key-snapshot.js';
import { covers, createPurge, encodePurge, everything } from './purge.js';
import type { Purge } from './purge.js';
import { collectRange, hex, latin1, walkRange } from './range-cursor.js';
import type { SpaceView } from './range-cursor.js';
import { Restore } from './restore.js';
import { encodeSpace } from './space-record.js';
import type { SpaceRecord } from './space-record.js';
import { decodeState, encodePut, opOverhead, stagedOp, StagedLatePut, stagedState } from './state-value.js';
import type { StagedOp } from './state-value.js';

/** What a key space needs of the store that it lives in. */
export interface SpaceHost {
  readonly db: Db;
  /** Throws where the store may not be used. */
  alive(): void;
  /** Latches the store. */
  failed(cause: unknown): LogStorageError;
  /** Throws `staged_full` where `bytes` more do not fit. */
  admit(bytes: number): void;
  /** Counts what is staged. */
  staged(space: KeySpace, bytes: number): void;
  nextPurgeId(): number;
  /** The purge is durable: its keys may go. */
  reclaim(purge: Purge): void;
  /** Somebody waits for what is staged here. */
  waited(space: KeySpace): void;
}

/** A key space as the store was opened with it. */
export interface FoundSpace {
  readonly record: SpaceRecord;
  readonly purges: readonly Purge[];
  /** The store's last batch: every value's stamp is at most this. */
  readonly seq: number;
}

const none: ReadonlyMap<string, StagedOp> = new Map();

/**
 * The ordered, private keys of one group's state machine. Changes are staged: every read sees them at
 * once, and the store's next `write` makes them durable, all of them and in one batch with the log.
 *
 * Keys are 0 to 1,024 bytes, values up to 64 MiB. Arrays that are handed out may share memory with
 * the store: do not change them.
 *
 * ```ts
 * const space = store.keySpace(groupId(7));
 * const token = space.stage([{ type: 'put', key, value }]);
 * space.get(key);              // value, though not durable yet
 * await store.write([]);       // the host does that
 * space.durableToken() >= token;
 * ```
 */
export class KeySpace {
  readonly group: GroupId;
  readonly #host: SpaceHost;
  #record: SpaceRecord;
  #staged = new Map<string, StagedOp>();
  #inFlight: ReadonlyMap<string, StagedOp> = none;
  #purges: readonly Purge[];
  #stagedPurges: Purge[] = [];
  #inFlightPurges: readonly Purge[] = [];
  #stagedBytes = 0;
  /** What is staged now goes into a batch of this sequence or a later one; stamped on each value. */
  #token: number;
  #inFlightToken: number;
  #durableToken: number;
  readonly #waiters = new Waiters();

  /** @internal Made by `LogStore.keySpace`. `seq`: the last batch when the store was opened. */
  constructor(group: GroupId, host: SpaceHost, found: FoundSpace) {
    this.group = group;
    this.#host = host;
    this.#record = found.record;
    this.#purges = found.purges;
    this.#token = found.seq + 1;
    this.#inFlightToken = found.seq;
    this.#durableToken = found.seq;
  }

  /**
   * A restore began and neither finished nor was aborted, also in an earlier process. The key space
   * then still holds what it held before that restore.
   */
  get restoreInterrupted(): boolean {
    return this.#record.restoring !== 0;
  }

  /** The value of a key, staged or durable. Synchronous: a block that is not cached is read meanwhile. */
  get(key: Uint8Array): Uint8Array | undefined {
    this.#host.alive();
    const full = stateKey(this.group, this.#record.epoch, key);
    const known = this.#fromOverlay(full);
    if (known !== undefined) return known ?? undefined;
    let value: Uint8Array | undefined;
    try {
      value = this.#host.db.getSync(full);
    } catch (error) {
      throw this.#host.failed(error);
    }
    return value === undefined ? undefined : this.#open(full, value);
  }

  /** The values of many keys as of this call, in their order. */
  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#host.alive();
    const values: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(keys.length);
    const misses: { at: number; full: Buffer }[] = [];
    for (const [at, key] of keys.entries()) {
      const full = stateKey(this.group, this.#record.epoch, key);
      const known = this.#fromOverlay(full);
      if (known === undefined) misses.push({ at, full });
      else values[at] = known ?? undefined;
    }
    if (misses.length === 0) return values;
    const purges = this.#purges;
    let found: (Uint8Array | undefined)[];
    try {
      found = await this.#host.db.getMany(misses.map((miss) => miss.full));
    } catch (error) {
      throw this.#host.failed(error);
    }
    this.#host.alive();
    for (const [n, { at, full }] of misses.entries()) {
      const value = found[n];
      if (value !== undefined) values[at] = this.#open(full, value, purges);
    }
    return values;
  }

  /**
   * Walks a range, staged changes merged in: the state as of the first `next()`. Holds a LevelDB
   * snapshot until it is read to its end or left by `return()`, as `for await` does.
   */
  range(range: KeyRange = {}): AsyncGenerator<KeyPair, void, undefined> {
    return walkRange(this.#view(), range);
  }

  /** A whole range in an array: the state as of this call. Bound it: `limit`, or a range known small. */
  rangeArray(range: KeyRange): Promise<KeyPair[]> {
    return collectRange(this.#view(), range);
  }

  /**
   * Stages changes, in order. Returns a token: they are durable once `durableToken()` reaches it.
   * @throws LogStorageError `staged_full`: nothing was staged; `invalid_key`: a limit is passed.
   */
  stage(ops: readonly KeyOp[]): number {
    this.#host.alive();
    checkLimits(ops);
    this.#host.admit(sizeOf(ops));
    const token = this.#token;
    for (const op of ops) {
      switch (op.type) {
        case 'put':
          this.#stageEncoded(encodePut(this.group, this.#record.epoch, op.key, op.value, token));
          break;
        case 'putLate':
          this.#stageEncoded(new StagedLatePut(this.group, this.#record.epoch, op, token));
          break;
        case 'del':
          this.#stageEncoded(stagedOp(stateKey(this.group, this.#record.epoch, op.key), null));
          break;
        case 'delRange':
          this.#deleteRange(op.gte, op.lt);
          break;
      }
    }
    return token;
  }

  /** Every stage of this key space up to this token survives a crash. */
  durableToken(): number {
    return this.#durableToken;
  }

  /**
   * Resolves once `durableToken()` reaches `token`; rejects where the store fails or closes first.
   *
   * Where no `write` comes, the store makes a batch of this key space's changes alone. So wait only
   * for what stands by itself, as a restore does: changes that follow from log entries must not be
   * durable before the entries are, and ride in the write that has both.
   */
  async durable(token: number): Promise<void> {
    this.#host.alive();
    if (token <= this.#durableToken) return;
    this.#host.waited(this);
    await this.#waiters.wait(token);
  }

  /** The state of this moment, staged changes included, to be read at leisure. Release it. */
  snapshot(): KeySnapshot {
    const view = this.#view();
    view.alive();
    return new KeySnapshot({ ...view, snapshot: this.#host.db.snapshot() });
  }

  /**
   * Begins to replace the whole key space. Reads see the old keys until `finish()`, which switches in
   * one batch; a crash before that leaves the old keys, and `restoreInterrupted` says so.
   */
  beginRestore(): Restore {
    this.#host.alive();
    this.#dropRestore();
    const epoch = this.#record.highest + 1;
    this.#setRecord({ ...this.#record, restoring: epoch, highest: epoch });
    return new Restore(epoch, this);
  }

  /** @internal Stages pairs for the restore that fills `epoch`. */
  stageRestored(epoch: number, pairs: readonly KeyPair[]): number {
    this.#assertRestoring(epoch);
    const ops = pairs.map(([key, value]) => ({ type: 'put', key, value }) as const);
    checkLimits(ops);
    this.#host.admit(sizeOf(ops));
    for (const [key, value] of pairs) {
      this.#stageEncoded(encodePut(this.group, epoch, key, value, this.#token));
    }
    return this.#token;
  }

  /** @internal The restore that fills `epoch` is complete. */
  switchTo(epoch: number): number {
    this.#assertRestoring(epoch);
    const old = this.#record.epoch;
    this.#setRecord({ ...this.#record, epoch, restoring: 0 });
    this.#purges = [];
    this.#purgeEpoch(old);
    return this.#token;
  }

  /** @internal The restore that fills `epoch` is given up. */
  abandon(epoch: number): number {
    this.#assertRestoring(epoch);
    this.#dropRestore();
    return this.#token;
  }

  /** @internal The group is destroyed: its next life begins with an empty key space. */
  clear(): void {
    this.#dropRestore();
    const old = this.#record.epoch;
    const epoch = this.#record.highest + 1;
    this.#setRecord({ epoch, restoring: 0, highest: epoch });
    this.#purges = [];
    this.#purgeEpoch(old);
  }

  #assertRestoring(epoch: number): void {
    this.#host.alive();
    if (this.#record.restoring !== epoch)
      throw new LogStorageError(
        'invalid_write',
        `Group ${this.group}: this restore is over; begin a new one.`,
      );
  }

  #dropRestore(): void {
    if (this.#record.restoring === 0) return;
    this.#purgeEpoch(this.#record.restoring);
    this.#setRecord({ ...this.#record, restoring: 0 });
  }

  #purgeEpoch(epoch: number): void {
    const { gte, lt } = epochBounds(this.group, epoch);
    const prefix = gte.toString('latin1');
    for (const [id, op] of this.#staged) if (id.startsWith(prefix)) this.#unstage(id, op);
    this.#stagePurge(gte, lt, everything);
  }

  #stagePurge(gte: Buffer, lt: Buffer, before: number): Purge {
    const purge = createPurge({ group: this.group, id: this.#host.nextPurgeId(), before, gte, lt });
    this.#stagedPurges.push(purge);
    const { key, value } = encodePurge(purge);
    this.#stageEncoded(stagedOp(key, value));
    return purge;
  }

  #setRecord(record: SpaceRecord): void {
    this.#record = record;
    const key = spaceKey(this.group);
    this.#stageEncoded(stagedOp(key, encodeSpace(key, record)));
  }

  #stageEncoded(op: StagedOp): void {
    const id = op.key.toString('latin1');
    const old = this.#staged.get(id);
    this.#staged.set(id, op);
    this.#count(op.bytes - (old?.bytes ?? 0));
  }

  #unstage(id: string, op: StagedOp): void {
    this.#staged.delete(id);
    this.#count(-op.bytes);
  }

  #count(bytes: number): void {
    this.#stagedBytes += bytes;
    this.#host.staged(this, bytes);
  }

  #deleteRange(gte: Uint8Array, lt: Uint8Array): void {
    if (Buffer.compare(gte, lt) >= 0) return;
    const { epoch } = this.#record;
    const from = stateKey(this.group, epoch, gte);
    const purge = this.#stagePurge(from, stateKey(this.group, epoch, lt), this.#token);
    // What has the purge's own stamp would be taken for put later.
    for (const [id, op] of this.#staged) {
      if (purge.gteText <= id && id < purge.ltText) this.#unstage(id, op);
    }
    this.#purges = [...this.#purges, purge];
  }

  /** @internal Every key that a purge covers is gone. */
  purged(purge: Purge): void {
    this.#purges = this.#purges.filter((other) => other !== purge);
  }

  /** @internal Bytes that are staged. */
  get stagedBytes(): number {
    return this.#stagedBytes;
  }

  /** @internal Keys with a staged change. */
  get stagedKeys(): number {
    return this.#staged.size;
  }

  /** @internal Puts everything staged into the batch `seq`; returns how many operations. */
  takeStaged(batch: DbBatch, seq: number): number {
    for (const { key, value } of this.#staged.values()) {
      if (value === null) batch.del(key);
      else batch.put(key, value);
    }
    const count = this.#staged.size;
    this.#inFlight = this.#staged;
    this.#inFlightPurges = this.#stagedPurges;
    this.#inFlightToken = this.#token;
    this.#staged = new Map();
    this.#stagedPurges = [];
    this.#stagedBytes = 0;
    this.#token = seq + 1;
    return count;
  }

  /** @internal The batch that took the staged operations is durable. */
  landed(): void {
    this.#inFlight = none;
    this.#durableToken = this.#inFlightToken;
    for (const purge of this.#inFlightPurges) this.#host.reclaim(purge);
    this.#inFlightPurges = [];
    this.#waiters.reached(this.#durableToken);
  }

  /** @internal The store failed or closed. */
  rejectWaiters(error: Error): void {
    this.#waiters.reject(error);
  }

  /** @internal Somebody waits for `durable`. */
  get isWaitedFor(): boolean {
    return this.#waiters.pending;
  }

  #view(): SpaceView {
    const overlays: ReadonlyMap<string, StagedOp>[] = [];
    if (this.#inFlight.size > 0) overlays.push(this.#inFlight);
    if (this.#staged.size > 0) overlays.push(this.#staged);
    return {
      db: this.#host.db,
      snapshot: null,
      group: this.group,
      epoch: this.#record.epoch,
      overlays,
      purges: this.#purges,
      alive: () => this.#host.alive(),
      failed: (cause) => this.#host.failed(cause),
    };
  }

  /** A value, null for a deleted key, undefined where LevelDB knows best. */
  #fromOverlay(full: Buffer): Uint8Array | null | undefined {
    if (this.#staged.size === 0 && this.#inFlight.size === 0) return undefined;
    const id = full.toString('latin1');
    const op = this.#staged.get(id) ?? this.#inFlight.get(id);
    if (op === undefined) return undefined;
    const { value } = op;
    if (value === null) return null;
    const state = stagedState(value);
    return covers(this.#purges, id, state.seq) ? null : state.bytes;
  }

  #open(full: Buffer, value: Uint8Array, purges = this.#purges): Uint8Array | undefined {
    const state = decodeState(full, value);
    if (state === null)
      throw this.#host.failed(new Error(`The value of key ${hex(full)} does not match its checksum.`));
    if (purges.length > 0 && covers(purges, latin1(full), state.seq)) return undefined;
    return state.bytes;
  }
}

function sizeOf(ops: readonly KeyOp[]): number {
  let bytes = 0;
  for (const op of ops) {
    bytes += opOverhead;
    if (op.type === 'put') bytes += op.key.length + op.value.length;
    else if (op.type === 'putLate') bytes += op.key.length + op.bytes;
    else if (op.type === 'del') bytes += op.key.length;
    else bytes += op.gte.length + op.lt.length;
  }
  return bytes;
}
