import type { ConfState, GroupMeta, LogIndex, NodeId, Term } from '@fastpaca/raft-core';
import { getU48, putU48, seal, unseal } from '../layout/bytes.js';

/**
 * A group beside its entries. A destroyed group leaves a record, so that the fence, which may still
 * speak of it, does not take it for lost.
 */
export type GroupRecord =
  | {
      readonly kind: 'live';
      readonly meta: GroupMeta;
      /** The log reached at least to here when the record was written. */
      readonly tail: LogIndex;
      /** Batch that last shortened the log: what a fence says of earlier batches no longer bounds it. */
      readonly shortenedAt: number;
      /** Entries from here up to `meta.compacted.index` may still lie on disk, to be deleted. */
      readonly entriesFrom: number;
    }
  | { readonly kind: 'destroyed' };

const kinds = { live: 1, destroyed: 2 } as const;
const headBytes = 1 + 9 * 6;

interface Names {
  readonly vote: NodeId | null;
  readonly incarnation: string;
  readonly conf: ConfState;
}

/** Encodes a group's records. Keeps the bytes of the rarely changing part. */
export class GroupRecordEncoder {
  #names: Names | null = null;
  #namesBytes: Buffer = Buffer.alloc(0);

  encode(key: Uint8Array, record: Extract<GroupRecord, { kind: 'live' }>): Buffer {
    const { meta } = record;
    const names = this.#encodeNames(meta);
    const body = Buffer.allocUnsafe(headBytes + names.length);
    body[0] = kinds.live;
    putU48(body, 1, record.tail);
    putU48(body, 7, record.shortenedAt);
    putU48(body, 13, record.entriesFrom);
    putU48(body, 19, meta.hardState.term);
    putU48(body, 25, meta.hardState.commit);
    putU48(body, 31, meta.confIndex);
    putU48(body, 37, meta.compacted.index);
    putU48(body, 43, meta.compacted.term);
    putU48(body, 49, meta.voteFrom);
    body.set(names, headBytes);
    return seal(key, body);
  }

  #encodeNames(meta: GroupMeta): Buffer {
    const known = this.#names;
    const { vote } = meta.hardState;
    if (known?.vote !== vote || known.incarnation !== meta.incarnation || known.conf !== meta.conf) {
      this.#names = { vote, incarnation: meta.incarnation, conf: meta.conf };
      this.#namesBytes = Buffer.from(JSON.stringify(this.#names));
    }
    return this.#namesBytes;
  }
}

export function encodeDestroyed(key: Uint8Array): Buffer {
  return seal(key, Uint8Array.of(kinds.destroyed));
}

/** The record, or null where it does not match its checksum. */
export function decodeGroupRecord(key: Uint8Array, value: Uint8Array): GroupRecord | null {
  const body = unseal(key, value);
  if (body === null) return null;
  if (body[0] === kinds.destroyed) return { kind: 'destroyed' };
  if (body[0] !== kinds.live || body.length < headBytes) return null;
  const names = JSON.parse(Buffer.from(body.subarray(headBytes)).toString()) as Names;
  return {
    kind: 'live',
    tail: getU48(body, 1) as LogIndex,
    shortenedAt: getU48(body, 7),
    entriesFrom: getU48(body, 13),
    meta: {
      hardState: {
        term: getU48(body, 19) as Term,
        vote: names.vote,
        commit: getU48(body, 25) as LogIndex,
      },
      conf: names.conf,
      confIndex: getU48(body, 31) as LogIndex,
      incarnation: names.incarnation,
      compacted: { index: getU48(body, 37) as LogIndex, term: getU48(body, 43) as Term },
      voteFrom: getU48(body, 49) as LogIndex,
    },
  };
}
