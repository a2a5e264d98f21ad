import { groupId, logIndex, nodeId, term } from '@fastpaca/raft-core';
import type { Entry, GroupMeta } from '@fastpaca/raft-core';

export const g1 = groupId(1);
export const g2 = groupId(2);

export function meta(at: number, changes: Partial<GroupMeta> = {}): GroupMeta {
  return {
    hardState: { term: term(at), vote: null, commit: logIndex(0) },
    conf: { voters: [nodeId('a')], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
    confIndex: logIndex(0),
    incarnation: 'first',
    compacted: { index: logIndex(0), term: term(0) },
    voteFrom: logIndex(0),
    ...changes,
  };
}

export function entry(index: number, at = 1, size = 30): Entry {
  const data = Buffer.alloc(size, `${index}:${at} `);
  return { index: logIndex(index), term: term(at), type: 'normal', data };
}

export function entries(from: number, to: number, at = 1, size = 30): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, n) => entry(from + n, at, size));
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString();
}
