import { epochBounds, stateKey, statePrefixBytes } from '../layout/keys.js';
import type { Db, DbIterator, DbSnapshot } from '../store/db.js';
import type { KeyPair, KeyRange } from './key-op.js';
import { covers } from './purge.js';
import type { Purge } from './purge.js';
import { decodeState, stagedState } from './state-value.js';
import type { StagedOp } from './state-value.js';

const chunkPairs = 1000;
const chunkBytes = 256 << 10;

/** A key space at one moment. */
export interface SpaceView {
  readonly db: Db;
  readonly snapshot: DbSnapshot | null;
  readonly group: number;
  readonly epoch: number;
  /** Operations that LevelDB does not have yet, by key as latin1; the oldest map first. */
  readonly overlays: readonly ReadonlyMap<string, StagedOp>[];
  readonly purges: readonly Purge[];
  /** Throws where the store may not be read. */
  readonly alive: () => void;
  /** Latches the store and gives the error to throw. */
  readonly failed: (cause: unknown) => Error;
}

interface Bounds {
  readonly lower: Buffer;
  readonly lowerOpen: boolean;
  readonly upper: Buffer;
  readonly upperOpen: boolean;
}

function boundsOf(view: SpaceView, range: KeyRange): Bounds {
  const all = epochBounds(view.group, view.epoch);
  const lower = range.gte ?? range.gt;
  const upper = range.lte ?? range.lt;
  return {
    lower: lower === undefined ? all.gte : stateKey(view.group, view.epoch, lower),
    lowerOpen: range.gte === undefined && range.gt !== undefined,
    upper: upper === undefined ? all.lt : stateKey(view.group, view.epoch, upper),
    upperOpen: range.lte === undefined,
  };
}

/** What of the overlays lies in the range, in the order of the range. */
function overlayOf(view: SpaceView, bounds: Bounds, reverse: boolean): [string, StagedOp][] {
  const lower = bounds.lower.toString('latin1');
  const upper = bounds.upper.toString('latin1');
  const found = new Map<string, StagedOp>();
  for (const overlay of view.overlays) {
    for (const [id, op] of overlay) {
      if (id < lower || id > upper) continue;
      if ((id === lower && bounds.lowerOpen) || (id === upper && bounds.upperOpen)) continue;
      found.set(id, op);
    }
  }
  const sign = reverse ? -1 : 1;
  return [...found].sort(([a], [b]) => (a < b ? -sign : sign));
}

/**
 * Walks a range of a view, LevelDB and overlays merged. What it gives is the state at the moment it
 * was made: the iterator takes its snapshot then.
 */
export class RangeCursor {
  readonly #view: SpaceView;
  readonly #sign: 1 | -1;
  readonly #overlay: readonly [string, StagedOp][];
  readonly #iterator: DbIterator;
  #overlayAt = 0;
  #left: number;
  #ended = false;

  constructor(view: SpaceView, range: KeyRange) {
    view.alive();
    const reverse = range.reverse === true;
    const bounds = boundsOf(view, range);
    this.#view = view;
    this.#sign = reverse ? -1 : 1;
    this.#overlay = overlayOf(view, bounds, reverse);
    this.#left = range.limit ?? Number.POSITIVE_INFINITY;
    this.#iterator = view.db.iterator({
      ...(bounds.lowerOpen ? { gt: bounds.lower } : { gte: bounds.lower }),
      ...(bounds.upperOpen ? { lt: bounds.upper } : { lte: bounds.upper }),
      reverse,
      highWaterMarkBytes: chunkBytes,
      fillCache: true,
      ...(view.snapshot === null ? {} : { snapshot: view.snapshot }),
    });
  }

  /** The next pairs of the range; none at its end. */
  async next(): Promise<KeyPair[]> {
    const out: KeyPair[] = [];
    while (out.length === 0 && !this.#ended && this.#left > 0) {
      this.#view.alive();
      const hidden = this.#overlay.length - this.#overlayAt;
      const size = Math.min(chunkPairs, this.#left + hidden);
      let pairs: [Uint8Array, Uint8Array][];
      try {
        pairs = await this.#iterator.nextv(size);
      } catch (error) {
        throw this.#view.failed(error);
      }
      for (const [key, value] of pairs) this.#merge(out, key, value);
      if (pairs.length > 0) continue;
      this.#ended = true;
      while (this.#overlayAt < this.#overlay.length) this.#takeOverlay(out);
    }
    return out;
  }

  #merge(out: KeyPair[], key: Uint8Array, value: Uint8Array): void {
    const checksId = this.#overlayAt < this.#overlay.length || this.#view.purges.length > 0;
    const id = checksId ? latin1(key) : '';
    for (;;) {
      const next = this.#overlay[this.#overlayAt];
      if (next === undefined) break;
      const order = next[0] === id ? 0 : next[0] < id ? -this.#sign : this.#sign;
      if (order > 0) break;
      this.#takeOverlay(out);
      if (order === 0) return;
    }
    const state = decodeState(key, value);
    if (state === null)
      throw this.#view.failed(new Error(`The value of key ${hex(key)} does not match its checksum.`));
    if (covers(this.#view.purges, id, state.seq)) return;
    this.#give(out, key, state.bytes);
  }

  #takeOverlay(out: KeyPair[]): void {
    const next = this.#overlay[this.#overlayAt];
    this.#overlayAt += 1;
    if (next === undefined) return;
    const [id, { key, value }] = next;
    if (value === null) return;
    const state = stagedState(value);
    if (!covers(this.#view.purges, id, state.seq)) this.#give(out, key, state.bytes);
  }

  #give(out: KeyPair[], key: Uint8Array, value: Uint8Array): void {
    if (this.#left <= 0) return;
    this.#left -= 1;
    out.push([key.subarray(statePrefixBytes), value]);
  }

  async close(): Promise<void> {
    await this.#iterator.close();
  }
}

export async function* walkRange(view: SpaceView, range: KeyRange): AsyncGenerator<KeyPair, void, undefined> {
  const cursor = new RangeCursor(view, range);
  try {
    for (;;) {
      const pairs = await cursor.next();
      if (pairs.length === 0) return;
      yield* pairs;
    }
  } finally {
    await cursor.close();
  }
}

export async function collectRange(view: SpaceView, range: KeyRange): Promise<KeyPair[]> {
  const cursor = new RangeCursor(view, range);
  try {
    const all: KeyPair[] = [];
    for (;;) {
      const pairs = await cursor.next();
      if (pairs.length === 0) return all;
      for (const pair of pairs) all.push(pair);
    }
  } finally {
    await cursor.close();
  }
}

export function latin1(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

export function hex(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex');
}
