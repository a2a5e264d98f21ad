import { groupId, logIndex, nodeId, term } from '@fastpaca/raft-core';
import type { Append, Message } from '@fastpaca/raft-core';
import { expect, test } from '@jest/globals';

import { ownBytes, ownEntries } from '../../src/peer/wire/own-bytes.js';

const base = { group: groupId(1), from: nodeId('a'), to: nodeId('b'), term: term(1) };
const append = (data: readonly Uint8Array[]): Append => ({
  ...base,
  type: 'append',
  prevIndex: logIndex(0),
  prevTerm: term(0),
  commit: logIndex(0),
  entries: data.map((each, at) => ({ index: logIndex(at + 1), term: term(1), type: 'normal', data: each })),
});
const plain = (messages: readonly Message[]): unknown =>
  messages.map((message) =>
    message.type === 'append'
      ? message.entries.map(({ data, ...entry }) => ({ ...entry, data: Buffer.from(data).toString('hex') }))
      : message,
  );
const held = (messages: readonly Message[]): number =>
  messages
    .flatMap((message) => (message.type === 'append' ? message.entries : []))
    .reduce((most, { data }) => Math.max(most, data.buffer.byteLength), 0);

test('entries stay what they are, and hold on to no more than a few times their size', () => {
  const frame = Buffer.alloc(60_000, Buffer.from('fastpaca'));
  const messages = [
    append([frame.subarray(3, 303)]),
    append([frame.subarray(400, 500), frame.subarray(500, 500), frame.subarray(600, 900)]),
    append([]),
    { ...base, type: 'timeout_now' } as const,
  ];
  const owned = ownEntries(messages);
  expect(plain(owned)).toEqual(plain(messages));
  expect(held(messages)).toBeGreaterThanOrEqual(60_000);
  expect(held(owned)).toBe(400);
});

test('what makes up most of its frame is not copied', () => {
  const frame = Buffer.alloc(60_000);
  expect(ownBytes(frame.subarray(100)).buffer).toBe(frame.buffer);
  expect(ownBytes(frame.subarray(0, 10)).buffer.byteLength).toBe(10);
  const big = append([frame.subarray(0, 30_000), frame.subarray(30_000)]);
  expect(ownEntries([big])[0]).toBe(big);
});
