import type { Append, Message } from '@fastpaca/raft-core';

/** Views of what is no more than so many times their size are kept as they are. */
const MAX_RATIO = 4;

/**
 * The bytes, as a view that holds on to little else. What arrives is a view of its websocket message, and
 * may be kept for long, in a cache of entries: a hundred bytes would keep 64 KiB alive.
 */
export function ownBytes(view: Uint8Array): Uint8Array {
  if (view.buffer.byteLength <= MAX_RATIO * view.length) return view;
  const own = Buffer.allocUnsafeSlow(view.length);
  own.set(view);
  return own;
}

/** The same for the entries of appends. Those of one append are kept, and let go, together. */
export function ownEntries(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) => (message.type === 'append' ? ownAppend(message) : message));
}

function ownAppend(append: Append): Append {
  const { entries } = append;
  let bytes = 0;
  for (const { data } of entries) bytes += data.length;
  const held = entries[0]?.data.buffer.byteLength ?? 0;
  if (held <= MAX_RATIO * bytes) return append;
  // Not from the pool, which others hold too.
  const block = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  const owned = entries.map(({ index, term, type, data }) => {
    block.set(data, at);
    at += data.length;
    return { index, term, type, data: entries.length === 1 ? block : block.subarray(at - data.length, at) };
  });
  return { ...append, entries: owned };
}
