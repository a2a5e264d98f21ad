import type { Message } from '@fastpaca/raft-core';

/** Views of what is no more than so many times their size are kept as they are. */
const MAX_RATIO = 4;

/**
 * The bytes, as a view that holds on to little else. What arrives is a view of its websocket message, and
 * may be kept for long, in a cache of entries: a hundred bytes would keep 64 KiB alive.
 */
export function ownBytes(view: Uint8Array): Uint8Array {
  if (view.buffer.byteLength <= MAX_RATIO * view.length) return view;
  return new Uint8Array(view);
}

/** The same for the entries of appends. Those of one append are kept, and let go, together. */
export function ownEntries(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) => {
    if (message.type !== 'append' || message.entries.length === 0) return message;
    let bytes = 0;
    for (const { data } of message.entries) bytes += data.length;
    const held = message.entries[0]?.data.buffer.byteLength ?? 0;
    if (held <= MAX_RATIO * bytes) return message;
    const block = new Uint8Array(bytes);
    let at = 0;
    const entries = message.entries.map((entry) => {
      block.set(entry.data, at);
      const data = block.subarray(at, at + entry.data.length);
      at += entry.data.length;
      return { ...entry, data };
    });
    return { ...message, entries };
  });
}
