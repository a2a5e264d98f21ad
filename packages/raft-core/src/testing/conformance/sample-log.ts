import { deepEqual } from 'node:assert/strict';
import { groupId, logIndex, nodeId, term } from '../../ids.js';
import type { GroupId } from '../../ids.js';
import type { ConfState, Entry, EntryType } from '../../log/entry.js';
import type { GroupMeta, GroupWrite, RaftStorage } from '../../storage/storage.js';

export const g1 = groupId(1);
export const g2 = groupId(65_535);
export const everything = Number.MAX_SAFE_INTEGER;

export const conf: ConfState = {
  voters: [nodeId('a'), nodeId('b'), nodeId('ü-node')],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export const jointConf: ConfState = {
  voters: [nodeId('a'), nodeId('b')],
  votersOutgoing: [nodeId('a'), nodeId('c')],
  learners: [nodeId('d')],
  learnersNext: [nodeId('c')],
  autoLeave: true,
};

export function meta(at: number, changes: Partial<GroupMeta> = {}): GroupMeta {
  return {
    hardState: { term: term(at), vote: null, commit: logIndex(0) },
    conf,
    confIndex: logIndex(0),
    incarnation: 'first',
    compacted: { index: logIndex(0), term: term(0) },
    voteFrom: logIndex(0),
    ...changes,
  };
}

export function entry(index: number, at: number, size = 3, type: EntryType = 'normal'): Entry {
  const data = new Uint8Array(size).map((_, offset) => (index * 31 + at * 7 + offset) & 0xff);
  return { index: logIndex(index), term: term(at), type, data };
}

export function entries(from: number, to: number, at: number, size?: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, offset) => entry(from + offset, at, size));
}

/** As plain arrays, so that a Buffer equals a Uint8Array. */
export function plain(list: readonly Entry[]): unknown[] {
  return list.map(({ index, term: at, type, data }) => ({ index, term: at, type, data: [...data] }));
}

export async function expectLog(
  storage: RaftStorage,
  group: GroupId,
  expected: readonly Entry[],
): Promise<void> {
  const first = expected[0];
  const last = expected.at(-1);
  if (first === undefined || last === undefined) return;
  deepEqual(plain(await storage.read(group, first.index, last.index, everything)), plain(expected));
}

/** A log as a plain array, and random writes that keep to the contract. */
export class LogModel {
  log: Entry[] = [];
  base = 0;
  #baseTerm = 0;
  #term = 1;
  #random = 12_345;

  draw(limit: number): number {
    this.#random = (Math.imul(this.#random, 1_103_515_245) + 12_345) >>> 0;
    return (this.#random >>> 8) % limit;
  }

  #meta(): GroupMeta {
    return meta(this.#term, { compacted: { index: logIndex(this.base), term: term(this.#baseTerm) } });
  }

  step(): GroupWrite[] {
    const writes: GroupWrite[] = [];
    const cut = this.draw(4) === 0 && this.log.length > 0 ? this.base + 1 + this.draw(this.log.length) : null;
    if (cut !== null) {
      this.#term += 1;
      this.log = this.log.slice(0, cut - this.base - 1);
    }
    const first = this.base + this.log.length + 1;
    const append = entries(first, first + this.draw(5), this.#term, this.draw(50));
    this.log.push(...append);
    writes.push({
      group: g1,
      append,
      meta: this.#meta(),
      ...(cut === null ? {} : { truncateFrom: logIndex(cut) }),
    });
    if (this.draw(6) === 0) {
      const dropped = this.log.splice(0, 1 + this.draw(this.log.length));
      this.base += dropped.length;
      this.#baseTerm = dropped.at(-1)?.term ?? this.#baseTerm;
      writes.push({ group: g1, meta: this.#meta() });
    }
    return writes;
  }
}
