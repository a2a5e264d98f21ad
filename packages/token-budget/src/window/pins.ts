import type { Pin, SeqRange, WindowState } from './state.js';

/** Whether a message is in one of `pins`, which ascend and do not overlap. */
export function isPinnedIn(pins: readonly Pin[], seq: number): boolean {
  let low = 0;
  let high = pins.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const pin = pins[middle];
    if (pin === undefined) return false;
    if (seq < pin.fromSeq) high = middle - 1;
    else if (seq > pin.toSeq) low = middle + 1;
    else return true;
  }
  return false;
}

/**
 * The ranges to load as `LoadedWindow.pinned` when `LoadedWindow.live` begins at `liveBegin`:
 * ascending, all of them before it.
 */
export function pinsToLoad(state: WindowState, liveBegin: number): SeqRange[] {
  const ranges: SeqRange[] = [];
  for (const pin of state.pins) {
    if (pin.fromSeq >= liveBegin) break;
    ranges.push({ fromSeq: pin.fromSeq, toSeq: Math.min(pin.toSeq, liveBegin - 1) });
  }
  return ranges;
}
