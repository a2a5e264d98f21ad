const comma = 0x2c;

/**
 * Joins `head`, the items with commas between them, and `tail` in one allocation: stored messages go
 * from the disk to the socket without being parsed.
 */
export function joinJson(head: string, items: readonly Uint8Array[], tail: string): Buffer {
  let length = Buffer.byteLength(head) + Buffer.byteLength(tail) + Math.max(0, items.length - 1);
  for (const item of items) length += item.length;
  const joined = Buffer.allocUnsafe(length);
  let at = joined.write(head, 0);
  for (let i = 0; i < items.length; i++) {
    if (i > 0) joined[at++] = comma;
    const item = items[i];
    if (item === undefined) continue;
    joined.set(item, at);
    at += item.length;
  }
  joined.write(tail, at);
  return joined;
}
