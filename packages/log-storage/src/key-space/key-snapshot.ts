import type { KeyPair, KeyRange } from './key-op.js';
import { collectRange, walkRange } from './range-cursor.js';
import type { SpaceView } from './range-cursor.js';

/** A key space at one moment, held until `release`. Later stages and writes do not show in it. */
export class KeySnapshot {
  readonly #view: SpaceView;
  #released = false;

  /** @internal Made by `KeySpace.snapshot`. */
  constructor(view: SpaceView) {
    // The newest overlay goes on growing in the key space: keep what it holds now.
    this.#view = { ...view, overlays: view.overlays.map((overlay) => new Map(overlay)) };
  }

  /** Walks a range of the copy. Any number of walks, also at once. */
  range(range: KeyRange = {}): AsyncGenerator<KeyPair, void, undefined> {
    return walkRange(this.#view, range);
  }

  rangeArray(range: KeyRange): Promise<KeyPair[]> {
    return collectRange(this.#view, range);
  }

  /** Lets LevelDB reclaim what the copy held on to, once walks that run are done. Safe to call twice. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#view.snapshot?.close();
  }
}
