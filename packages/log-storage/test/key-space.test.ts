import { describe, expect, test } from '@jest/globals';
import { groupId } from '@fastpaca/raft-core';
import { LogStore } from '../src/index.js';
import type { KeyPair, KeySpace } from '../src/index.js';
import { newDirectory } from './support/directories.js';
import { bytes, g1, g2, meta, text } from './support/samples.js';

async function openStore(directory = newDirectory(), maxStagedBytes = 1 << 20): Promise<LogStore> {
  const store = await LogStore.open(directory, { maxStagedBytes });
  await store.open();
  return store;
}

function put(space: KeySpace, pairs: Record<string, string>): number {
  return space.stage(
    Object.entries(pairs).map(([key, value]) => ({ type: 'put', key: bytes(key), value: bytes(value) })),
  );
}

function plain(pairs: readonly KeyPair[]): string[] {
  return pairs.map(([key, value]) => `${String(text(key))}=${String(text(value))}`);
}

async function all(space: KeySpace): Promise<string[]> {
  return plain(await space.rangeArray({}));
}

async function walked(pairs: AsyncIterable<KeyPair>): Promise<string[]> {
  const out: KeyPair[] = [];
  for await (const pair of pairs) out.push(pair);
  return plain(out);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('staged changes', () => {
  test('are seen by every read at once, and survive once a write took them', async () => {
    const directory = newDirectory();
    let store = await openStore(directory);
    let space = store.keySpace(g1);
    const token = put(space, { a: '1', b: '2' });
    expect(text(space.get(bytes('a')))).toBe('1');
    expect((await space.getMany([bytes('b'), bytes('x'), bytes('a')])).map(text)).toEqual([
      '2',
      undefined,
      '1',
    ]);
    expect(await all(space)).toEqual(['a=1', 'b=2']);
    expect(space.durableToken()).toBeLessThan(token);
    expect(store.stagedBytes()).toBeGreaterThan(0);
    const writing = store.write([]);
    expect(store.stagedBytes()).toBe(0);
    put(space, { b: '3', c: '4' });
    expect(await all(space)).toEqual(['a=1', 'b=3', 'c=4']);
    await writing;
    expect(space.durableToken()).toBe(token);
    expect(await all(space)).toEqual(['a=1', 'b=3', 'c=4']);
    await store.close();
    store = await openStore(directory);
    space = store.keySpace(g1);
    expect(await all(space)).toEqual(['a=1', 'b=2']);
    await store.close();
  });

  test('of one group are not seen by another', async () => {
    const store = await openStore();
    put(store.keySpace(g1), { a: '1' });
    put(store.keySpace(g2), { a: '2' });
    expect(await all(store.keySpace(g1))).toEqual(['a=1']);
    await store.write([]);
    expect(await all(store.keySpace(g2))).toEqual(['a=2']);
    await store.close();
  });

  test('over the limit are refused, nothing of them is staged, and a write makes room', async () => {
    const store = await openStore(newDirectory(), 1_000);
    const space = store.keySpace(g1);
    const stage = (key: string): number =>
      space.stage([{ type: 'put', key: bytes(key), value: Buffer.alloc(600) }]);
    stage('a');
    expect(() => stage('b')).toThrow(expect.objectContaining({ code: 'staged_full' }));
    expect(space.get(bytes('b'))).toBeUndefined();
    await store.write([]);
    stage('b');
    await store.close();
  });

  test('with an oversized key are refused whole', async () => {
    const store = await openStore();
    const space = store.keySpace(g1);
    expect(() =>
      space.stage([
        { type: 'put', key: bytes('a'), value: bytes('1') },
        { type: 'del', key: Buffer.alloc(1_025) },
      ]),
    ).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    expect(space.get(bytes('a'))).toBeUndefined();
    await store.close();
  });

  test('ride with a write only: a batch that reclaims, or is made for a waiter, leaves them', async () => {
    const directory = newDirectory();
    let store = await openStore(directory);
    put(store.keySpace(g1), { a: '1', b: '2' });
    await store.write([]);
    store.keySpace(g1).stage([{ type: 'delRange', gte: bytes('a'), lt: bytes('b') }]);
    await store.write([]);
    const staged = put(store.keySpace(g1), { b: 'early', a: 'early' });
    const waited = store.keySpace(g2);
    await waited.durable(put(waited, { alone: '1' }));
    await until(() => !store.reclaiming);
    expect(store.keySpace(g1).durableToken()).toBeLessThan(staged);
    expect(await all(store.keySpace(g1))).toEqual(['a=early', 'b=early']);
    await store.close();
    store = await openStore(directory);
    expect(await all(store.keySpace(g1))).toEqual(['b=2']);
    expect(await all(store.keySpace(g2))).toEqual(['alone=1']);
    await store.close();
  });

  test('are encoded late where they are put so: once read or written, and never where another put came first', async () => {
    const directory = newDirectory();
    let store = await openStore(directory);
    let space = store.keySpace(g1);
    let encoded = '';
    const putLate = (key: string, value: string): number =>
      space.stage([
        {
          type: 'putLate',
          key: bytes(key),
          bytes: 1,
          encode: () => {
            encoded += `${key}${value} `;
            return bytes(value);
          },
        },
      ]);
    for (const value of ['1', '2', '3']) putLate('a', value);
    putLate('b', '1');
    putLate('c', '1');
    expect(encoded).toBe('');
    expect(text(space.get(bytes('b')))).toBe('1');
    expect(await all(space)).toEqual(['a=3', 'b=1', 'c=1']);
    putLate('a', '4');
    await store.write([]);
    expect(encoded).toBe('b1 a3 c1 a4 ');
    await store.close();
    store = await openStore(directory);
    space = store.keySpace(g1);
    expect(await all(space)).toEqual(['a=4', 'b=1', 'c=1']);
    await store.close();
  });

  test('are waited for by durable(), also when nobody else writes', async () => {
    const store = await openStore();
    const space = store.keySpace(g1);
    const token = put(space, { a: '1' });
    await space.durable(token);
    expect(space.durableToken()).toBeGreaterThanOrEqual(token);
    const waiting = expect(space.durable(put(space, { b: '2' }))).rejects.toMatchObject({
      code: 'store_closed',
    });
    await store.close();
    await waiting;
  });
});

describe('ranges', () => {
  test('take bounds, direction and limit, with staged and durable keys merged', async () => {
    const store = await openStore();
    const space = store.keySpace(g1);
    put(space, { a: '1', c: '3', e: '5', g: '7' });
    await store.write([]);
    put(space, { b: '2', c: 'new', f: '6' });
    space.stage([{ type: 'del', key: bytes('e') }]);
    const range = async (options: Parameters<KeySpace['rangeArray']>[0]): Promise<string> =>
      (await space.rangeArray(options)).map(([key]) => text(key)).join('');
    expect(await all(space)).toEqual(['a=1', 'b=2', 'c=new', 'f=6', 'g=7']);
    expect(await range({ gte: bytes('b'), lt: bytes('f') })).toBe('bc');
    expect(await range({ gt: bytes('b'), lte: bytes('f') })).toBe('cf');
    expect(await range({ reverse: true })).toBe('gfcba');
    expect(await range({ reverse: true, lt: bytes('g'), limit: 2 })).toBe('fc');
    expect(await range({ limit: 3 })).toBe('abc');
    expect(await range({ limit: 0 })).toBe('');
    expect(await range({ gte: bytes('h') })).toBe('');
    expect(await walked(space.range({ gte: bytes('f') }))).toEqual(['f=6', 'g=7']);
    await store.close();
  });

  test('of thousands of keys come whole, and show the moment of the call', async () => {
    const store = await openStore();
    const space = store.keySpace(g1);
    const key = (n: number): Uint8Array => bytes(String(n).padStart(6, '0'));
    space.stage(
      Array.from({ length: 5_000 }, (_, n) => ({ type: 'put', key: key(n), value: bytes(`v${n}`) })),
    );
    await store.write([]);
    const array = space.rangeArray({});
    space.stage([{ type: 'delRange', gte: key(0), lt: key(4_000) }]);
    await store.write([]);
    expect(await array).toHaveLength(5_000);
    expect(await space.rangeArray({})).toHaveLength(1_000);
    await store.close();
  });
});

describe('a deleted range', () => {
  test('is gone at once, keeps what is put later, and survives', async () => {
    const directory = newDirectory();
    let store = await openStore(directory);
    let space = store.keySpace(g1);
    put(space, { a: '1', b: '2', c: '3', d: '4' });
    await store.write([]);
    put(space, { bb: 'staged' });
    space.stage([
      { type: 'delRange', gte: bytes('b'), lt: bytes('d') },
      { type: 'put', key: bytes('c'), value: bytes('after') },
    ]);
    expect(await all(space)).toEqual(['a=1', 'c=after', 'd=4']);
    expect(space.get(bytes('b'))).toBeUndefined();
    expect((await space.getMany([bytes('b'), bytes('bb'), bytes('c')])).map(text)).toEqual([
      undefined,
      undefined,
      'after',
    ]);
    await store.write([]);
    expect(await all(space)).toEqual(['a=1', 'c=after', 'd=4']);
    put(space, { b: 'later' });
    await store.write([]);
    await until(() => !store.reclaiming);
    expect(await all(space)).toEqual(['a=1', 'b=later', 'c=after', 'd=4']);
    await store.close();
    store = await openStore(directory);
    space = store.keySpace(g1);
    expect(await all(space)).toEqual(['a=1', 'b=later', 'c=after', 'd=4']);
    await store.close();
  });

  test('of an in-flight key is gone too', async () => {
    const store = await openStore();
    const space = store.keySpace(g1);
    put(space, { a: '1', b: '2' });
    const writing = store.write([]);
    space.stage([{ type: 'delRange', gte: bytes('a'), lt: bytes('b') }]);
    expect(space.get(bytes('a'))).toBeUndefined();
    expect(await all(space)).toEqual(['b=2']);
    await writing;
    expect(space.get(bytes('a'))).toBeUndefined();
    await store.write([]);
    await until(() => !store.reclaiming);
    expect(await all(space)).toEqual(['b=2']);
    await store.close();
  });

  test('is reclaimed in small batches while writes go on, and after a restart', async () => {
    const directory = newDirectory();
    const ops: number[] = [];
    let store = await LogStore.open(directory, { onWrite: (report) => ops.push(report.ops) });
    await store.open();
    let space = store.keySpace(g1);
    const key = (n: number): Uint8Array => bytes(`k${String(n).padStart(6, '0')}`);
    space.stage(Array.from({ length: 3_000 }, (_, n) => ({ type: 'put', key: key(n), value: bytes('v') })));
    await store.write([]);
    ops.length = 0;
    space.stage([{ type: 'delRange', gte: key(0), lt: key(2_990) }]);
    await store.write([]);
    put(space, { k000001: 'kept' });
    await store.write([]);
    expect(store.reclaiming).toBe(true);
    await store.close();
    expect(Math.max(...ops)).toBeLessThan(200);

    store = await LogStore.open(directory, { onWrite: (report) => ops.push(report.ops) });
    await store.open();
    space = store.keySpace(g1);
    expect(await space.rangeArray({})).toHaveLength(11);
    await until(() => !store.reclaiming);
    expect(await space.rangeArray({})).toHaveLength(11);
    expect(text(space.get(bytes('k000001')))).toBe('kept');
    expect(Math.max(...ops)).toBeLessThan(200);
    await store.close();
  });
});

describe('a snapshot', () => {
  test('shows its moment, staged changes included, whatever comes after', async () => {
    const store = await openStore();
    const space = store.keySpace(g1);
    put(space, { a: '1', b: '2', c: '3' });
    await store.write([]);
    space.stage([{ type: 'delRange', gte: bytes('a'), lt: bytes('b') }]);
    put(space, { d: '4' });
    const snapshot = space.snapshot();
    put(space, { b: 'changed', e: '5' });
    await store.write([]);
    space.stage([{ type: 'delRange', gte: bytes('a'), lt: bytes('z') }]);
    await store.write([]);
    await until(() => !store.reclaiming);
    expect(await all(space)).toEqual([]);
    expect(await walked(snapshot.range())).toEqual(['b=2', 'c=3', 'd=4']);
    expect(plain(await snapshot.rangeArray({ gt: bytes('b') }))).toEqual(['c=3', 'd=4']);
    await snapshot.release();
    await snapshot.release();
    await store.close();
  });
});

describe('a restore', () => {
  test('replaces the key space in one step', async () => {
    const directory = newDirectory();
    let store = await openStore(directory);
    let space = store.keySpace(g1);
    put(space, { old: '1', both: '1' });
    await store.write([]);
    const restore = space.beginRestore();
    restore.put([[bytes('both'), bytes('2')]]);
    await space.durable(restore.put([[bytes('new'), bytes('2')]]));
    expect(await all(space)).toEqual(['both=1', 'old=1']);
    expect(space.restoreInterrupted).toBe(true);
    const token = restore.finish();
    expect(await all(space)).toEqual(['both=2', 'new=2']);
    expect(space.get(bytes('old'))).toBeUndefined();
    await space.durable(token);
    await until(() => !store.reclaiming);
    expect(await all(space)).toEqual(['both=2', 'new=2']);
    await store.close();
    store = await openStore(directory);
    space = store.keySpace(g1);
    expect(space.restoreInterrupted).toBe(false);
    expect(await all(space)).toEqual(['both=2', 'new=2']);
    await store.close();
  });

  test('that a crash interrupts leaves the old keys and says so; the next one starts anew', async () => {
    const directory = newDirectory();
    let store = await openStore(directory);
    let space = store.keySpace(g1);
    put(space, { old: '1' });
    await store.write([]);
    await space.durable(space.beginRestore().put([[bytes('half'), bytes('2')]]));
    await store.close();
    store = await openStore(directory);
    space = store.keySpace(g1);
    expect(space.restoreInterrupted).toBe(true);
    expect(await all(space)).toEqual(['old=1']);
    const restore = space.beginRestore();
    restore.put([[bytes('new'), bytes('3')]]);
    await space.durable(restore.finish());
    expect(await all(space)).toEqual(['new=3']);
    await until(() => !store.reclaiming);
    await store.close();
    store = await openStore(directory);
    expect(await all(store.keySpace(g1))).toEqual(['new=3']);
    await store.close();
  });

  test('that is given up, or overtaken by another, takes nothing more', async () => {
    const store = await openStore();
    const space = store.keySpace(g1);
    put(space, { old: '1' });
    const first = space.beginRestore();
    first.put([[bytes('x'), bytes('x')]]);
    const second = space.beginRestore();
    expect(() => first.put([[bytes('y'), bytes('y')]])).toThrow(
      expect.objectContaining({ code: 'invalid_write' }),
    );
    second.abort();
    expect(() => second.finish()).toThrow(expect.objectContaining({ code: 'invalid_write' }));
    expect(space.restoreInterrupted).toBe(false);
    expect(await all(space)).toEqual(['old=1']);
    await store.close();
  });
});

test('a destroyed group leaves an empty key space to its next life', async () => {
  const directory = newDirectory();
  let store = await openStore(directory);
  const group = groupId(9);
  put(store.keySpace(group), { a: '1' });
  await store.write([{ group, meta: meta(1) }]);
  put(store.keySpace(group), { b: 'staged' });
  await store.write([{ group, destroy: true }]);
  expect(await all(store.keySpace(group))).toEqual([]);
  await store.write([{ group, meta: meta(1, { incarnation: 'second' }) }]);
  put(store.keySpace(group), { c: '3' });
  await store.write([]);
  await until(() => !store.reclaiming);
  await store.close();
  store = await openStore(directory);
  expect(await all(store.keySpace(group))).toEqual(['c=3']);
  await store.close();
});
