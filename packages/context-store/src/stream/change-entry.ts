import { needsCompaction, usedTokens, type SeqRange, type WindowState } from '@fastpaca/token-budget';

import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { ContextProfile } from '../context/context-record.js';

/** How full the window is. */
export interface WindowLoad {
  readonly usedTokens: number;
  readonly needsCompaction: boolean;
}

/**
 * What one version of a context did. Kept for good, also where the messages are archived and trimmed:
 * it is what a stream replays from.
 */
export type ChangeEntry = {
  /** The last message of the log after the change. */
  readonly lastSeq: number;
  /** The window after it; null where the same write made the next version too, which says it. */
  readonly load: WindowLoad | null;
} & (
  | { readonly kind: 'append'; readonly count: number }
  /** `range`: the messages that left the window or are stood for now; 0 and 0: none. */
  | { readonly kind: 'compaction'; readonly range: SeqRange }
);

export const windowLoad = (window: WindowState, profile: ContextProfile): WindowLoad => ({
  usedTokens: usedTokens(window),
  needsCompaction: needsCompaction(window, profile.tokenBudget, profile.triggerRatio),
});

export const sameLoad = (a: WindowLoad | null, b: WindowLoad): boolean =>
  a !== null && a.usedTokens === b.usedTokens && a.needsCompaction === b.needsCompaction;

const format = 1;
const flag = { compaction: 1, load: 2, needsCompaction: 4 } as const;

export function encodeEntry(entry: ChangeEntry): Uint8Array {
  const { load } = entry;
  let flags = entry.kind === 'compaction' ? flag.compaction : 0;
  if (load !== null) flags |= flag.load | (load.needsCompaction ? flag.needsCompaction : 0);
  const writer = new ByteWriter(16).u8(format).u8(flags).varint(entry.lastSeq);
  if (entry.kind === 'append') writer.varint(entry.count);
  else writer.varint(entry.range.fromSeq).varint(entry.range.toSeq);
  if (load !== null) writer.varint(load.usedTokens);
  return writer.finish();
}

/** @throws MalformedError where the bytes are not an entry of this format. */
export function decodeEntry(bytes: Uint8Array): ChangeEntry {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format) throw new MalformedError(`Change format ${found} is not known; upgrade this node.`);
  const flags = reader.u8();
  const lastSeq = reader.varint();
  const compaction = (flags & flag.compaction) !== 0;
  const first = reader.varint();
  const range = compaction ? { fromSeq: first, toSeq: reader.varint() } : null;
  const load =
    (flags & flag.load) === 0
      ? null
      : { usedTokens: reader.varint(), needsCompaction: (flags & flag.needsCompaction) !== 0 };
  reader.end();
  return range === null
    ? { kind: 'append', lastSeq, count: first, load }
    : { kind: 'compaction', lastSeq, range, load };
}
