import {
  pinsToLoad,
  type LoadedWindow,
  type LoadMore,
  type MessageOutline,
  type WindowItem,
  type WindowState,
} from '@fastpaca/token-budget';

/** Where outlines come from: memory, disk, or the command itself. Synchronous. */
export interface OutlineSource {
  logged(seq: number): MessageOutline;
  replacement(index: number): MessageOutline;
}

/** What the window functions ask for when `live` is to begin at `fromSeq`. */
export function loadWindow(state: WindowState, fromSeq: number, source: OutlineSource): LoadedWindow {
  const replacement: MessageOutline[] = [];
  for (let index = 0; index < (state.replacement?.count ?? 0); index += 1) {
    replacement.push(source.replacement(index));
  }
  const pinned = pinsToLoad(state, fromSeq).flatMap((pin) => items(source, pin.fromSeq, pin.toSeq));
  return { replacement, pinned, live: items(source, fromSeq, state.lastSeq) };
}

function items(source: OutlineSource, from: number, to: number): WindowItem[] {
  const found: WindowItem[] = [];
  for (let seq = from; seq <= to; seq += 1) found.push({ seq, outline: source.logged(seq) });
  return found;
}

/** Calls a window function with ever more of the log until it has enough. */
export function withEnough<R extends { readonly kind: string }>(
  state: WindowState,
  fromSeq: number,
  source: OutlineSource,
  step: (loaded: LoadedWindow) => R | LoadMore,
): R {
  let from = Math.max(1, fromSeq);
  for (;;) {
    const result = step(loadWindow(state, from, source));
    if (!isLoadMore(result)) return result;
    if (result.fromSeq >= from) throw new RangeError(`A window asks for ${result.fromSeq}, and has ${from}.`);
    from = result.fromSeq;
  }
}

const isLoadMore = (result: { readonly kind: string }): result is LoadMore => result.kind === 'more';
