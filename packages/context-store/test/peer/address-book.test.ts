import { nodeId } from '@fastpaca/raft-core';
import { beforeEach, describe, expect, test } from '@jest/globals';

import { AddressBook } from '../../src/peer/discovery/address-book.js';
import type { BookEntry } from '../../src/peer/discovery/address-book.js';
import { defaultTiming } from '../../src/peer/options.js';
import { formatAddress, parseSeed, plainHost } from '../../src/peer/discovery/address.js';

const peer = nodeId('peer');
const nobody = (): boolean => false;
const everybody = (): boolean => true;
const at = (port: number) => ({ host: '10.0.0.1', port });

let book: AddressBook;
beforeEach(() => {
  const { retryMs } = defaultTiming;
  book = new AddressBook({ maxAddresses: 3, retryMs, forgetMs: 60_000, random: () => 0.5 });
});
const only = (entries: readonly BookEntry[]): BookEntry => {
  expect(entries).toHaveLength(1);
  return entries[0] as BookEntry;
};

describe('the address book', () => {
  test('dials what it heard of at once, and then after pauses that double up to a second: a cut that heals is found soon', () => {
    book.heardOf(at(1), 0, true);
    const entry = only(book.due(0, nobody));
    const pauses = [1, 2, 3, 4, 5, 6].map(() => {
      const { dialAt } = entry;
      book.failed(entry, 'refused', dialAt);
      return entry.dialAt - dialAt;
    });
    expect(pauses).toEqual([200, 400, 800, 1_000, 1_000, 1_000]);
    expect(book.due(entry.dialAt - 1, nobody)).toEqual([]);
  });

  test('tells a reason once', () => {
    book.heardOf(at(1), 0, true);
    const entry = only(book.due(0, nobody));
    expect(['x', 'x', 'y', 'x'].map((error) => book.failed(entry, error, 0))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('does not dial a node that is connected, and dials it soon after it was lost', () => {
    book.heardOf(at(1), 0, true);
    book.reached(only(book.due(0, nobody)), peer, 0);
    expect(book.due(10, everybody)).toEqual([]);
    book.lost(peer, 500_000);
    expect(book.due(500_099, nobody)).toEqual([]);
    expect(book.due(500_100, nobody)).toHaveLength(1);
  });

  test('dials its own address again, seldom: behind a balancer it may be another node', () => {
    book.heardOf(at(1), 0, true);
    const entry = only(book.due(0, nobody));
    book.reachedSelf(entry, 0);
    expect(book.list(nobody)).toEqual([{ address: '10.0.0.1:1', state: 'self', error: null }]);
    expect(book.due(11_999, nobody)).toEqual([]);
    expect(book.due(12_000, nobody)).toEqual([entry]);
  });

  test('forgets what nobody speaks of any more, unless it is connected', () => {
    book.heardOf(at(1), 0, false, peer);
    expect(book.due(60_001, everybody)).toEqual([]);
    expect(book.list(nobody)).toHaveLength(1);
    expect(book.due(60_001, nobody)).toEqual([]);
    expect(book.list(nobody)).toEqual([]);
  });

  test('holds a bounded number: the one that fails and was heard of longest ago makes room, a seed never', () => {
    book.heardOf(at(1), 0, true);
    book.heardOf(at(2), 1, false);
    book.heardOf(at(3), 2, false);
    book.heardOf(at(4), 3, false);
    expect(book.list(nobody).map(({ address }) => address)).toEqual([
      '10.0.0.1:1',
      '10.0.0.1:2',
      '10.0.0.1:3',
    ]);
    for (const entry of book.due(3, nobody)) book.failed(entry, 'refused', 3);
    book.heardOf(at(4), 4, false);
    expect(book.list(nobody).map(({ address }) => address)).toEqual([
      '10.0.0.1:1',
      '10.0.0.1:3',
      '10.0.0.1:4',
    ]);
  });
});

describe('an address', () => {
  test.each([
    ['node-1:4000', { host: 'node-1', port: 4000 }],
    [' 10.0.0.1:1 ', { host: '10.0.0.1', port: 1 }],
    ['[fd00::1]:4000', { host: 'fd00::1', port: 4000 }],
  ])('%p is read, and written the same', (text, address) => {
    expect(parseSeed(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text.trim());
  });

  test('of IPv4 is the same in IPv6 clothes', () => {
    expect([plainHost('::ffff:10.0.0.1'), plainHost('::1')]).toEqual(['10.0.0.1', '::1']);
  });
});
