import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { GroupBench, putCommandOf, text } from '../support/group-bench.js';

const day = 24 * 60 * 60 * 1000;

describe('retries', () => {
  let bench: GroupBench;
  beforeEach(async () => {
    bench = await GroupBench.create();
    await bench.run(putCommandOf('c'));
  });
  afterEach(() => bench.close());

  const lastSeq = (): number | undefined => bench.machine.load('c' as never)?.context.record.lastSeq;

  test('the same key with the same content returns the first answer and writes nothing', async () => {
    const first = await bench.append('c', [text('one')], { idempotencyKey: 'k' });
    await bench.append('c', [text('two')]);
    const again = await bench.append('c', [text('one')], { idempotencyKey: 'k', at: 2_000_000 });
    expect(again).toEqual({ ...first, deduped: true, firstSeq: null });
    expect(lastSeq()).toBe(2);
  });

  test('the same key with other content is refused', async () => {
    await bench.append('c', [text('one')], { idempotencyKey: 'k' });
    expect(await bench.append('c', [text('uno')], { idempotencyKey: 'k' })).toEqual({
      kind: 'refused',
      refusal: { reason: 'key_reused', key: 'k' },
    });
  });

  test.each([
    ['role', { role: 'assistant' }],
    ['metadata', { metadata: { a: 1 } }],
    ['token count', { tokenCount: 5 }],
    ['id', { id: 'm' }],
  ])('another %s is other content', async (_, extra) => {
    await bench.append('c', [text('one')], { idempotencyKey: 'k' });
    expect(await bench.append('c', [text('one', extra)], { idempotencyKey: 'k' })).toMatchObject({
      refusal: { reason: 'key_reused' },
    });
  });

  test('how a call divides its messages is content', async () => {
    await bench.append('c', [text('one'), text('two')], { idempotencyKey: 'k' });
    expect(await bench.append('c', [text('one')], { idempotencyKey: 'k' })).toMatchObject({
      refusal: { reason: 'key_reused' },
    });
  });

  test('a message id is a key of its own, apart from call keys', async () => {
    const first = await bench.append('c', [text('one', { id: 'x' })]);
    expect(await bench.append('c', [text('one', { id: 'x' })])).toEqual({
      ...first,
      deduped: true,
      firstSeq: null,
    });
    expect(await bench.append('c', [text('two', { id: 'x' })])).toMatchObject({
      refusal: { reason: 'key_reused', key: 'x' },
    });
    expect(await bench.append('c', [text('three')], { idempotencyKey: 'x' })).toMatchObject({
      deduped: false,
    });
  });

  test('a retry with key and if_version succeeds where the first try moved the version', async () => {
    const first = await bench.append('c', [text('one')], { idempotencyKey: 'k', ifVersion: 0 });
    expect(await bench.append('c', [text('one')], { idempotencyKey: 'k', ifVersion: 0 })).toEqual({
      ...first,
      deduped: true,
      firstSeq: null,
    });
    expect(await bench.append('c', [text('two')], { idempotencyKey: 'l', ifVersion: 0 })).toMatchObject({
      refusal: { reason: 'conflict', currentVersion: 1 },
    });
  });

  test('a retry after a tombstone gets the first answer', async () => {
    const first = await bench.append('c', [text('one', { id: 'm' })]);
    await bench.run({ type: 'tombstone', id: 'c' as never, at: 3 });
    expect(await bench.append('c', [text('one', { id: 'm' })])).toEqual({
      ...first,
      deduped: true,
      firstSeq: null,
    });
    expect(await bench.append('c', [text('two')])).toMatchObject({ refusal: { reason: 'is_tombstoned' } });
  });

  test('of a batch with old and new messages only the new ones are appended', async () => {
    await bench.append('c', [text('one', { id: '1' }), text('two', { id: '2' })]);
    const mixed = [text('one', { id: '1' }), text('two', { id: '2' }), text('three', { id: '3' })];
    expect(await bench.append('c', mixed)).toMatchObject({
      version: 2,
      deduped: false,
      firstSeq: 3,
      results: [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
    });
    expect(await bench.append('c', mixed)).toMatchObject({ version: 2, deduped: true });
    expect(lastSeq()).toBe(3);
  });

  test('one message of a batch with other content refuses all of it', async () => {
    await bench.append('c', [text('one', { id: '1' })]);
    expect(await bench.append('c', [text('new', { id: '2' }), text('uno', { id: '1' })])).toMatchObject({
      refusal: { reason: 'key_reused', key: '1' },
    });
    expect(lastSeq()).toBe(1);
  });

  test('a key outlives a restart', async () => {
    const first = await bench.append('c', [text('one')], { idempotencyKey: 'k' });
    await bench.restart({ flush: true });
    expect(await bench.append('c', [text('one')], { idempotencyKey: 'k' })).toEqual({
      ...first,
      deduped: true,
      firstSeq: null,
    });
  });

  test('a key among the newest 1,000 appends is remembered however old it is', async () => {
    await bench.append('c', [text('one')], { idempotencyKey: 'k', at: 0 });
    for (let n = 0; n < 999; n += 1) await bench.append('c', [text('more')], { at: 400 * day });
    expect(await bench.append('c', [text('one')], { idempotencyKey: 'k', at: 400 * day })).toMatchObject({
      deduped: true,
    });
  });

  test('a key of the last 24 hours is remembered however many appends followed', async () => {
    await bench.append('c', [text('one')], { idempotencyKey: 'k', at: day });
    for (let n = 0; n < 1_100; n += 1) await bench.append('c', [text('more')], { at: 2 * day - 1 });
    expect(await bench.append('c', [text('one')], { idempotencyKey: 'k', at: 2 * day - 1 })).toMatchObject({
      deduped: true,
    });
  });

  test('a key older than both is forgotten, and its space is freed', async () => {
    for (let n = 0; n < 50; n += 1) await bench.append('c', [text('one', { id: `m${n}` })], { at: 0 });
    for (let n = 0; n < 1_100; n += 1) await bench.append('c', [text('more')], { at: 2 * day });
    const { queue } = bench.machine.load('c' as never)?.context.record ?? {};
    expect(queue).toEqual({ head: 50, tail: 50, headAppend: 0, headAt: 0 });
    const keys = await bench.machine.space.rangeArray({ gte: Uint8Array.of(5), lt: Uint8Array.of(7) });
    expect(keys).toEqual([]);
    expect(await bench.append('c', [text('one', { id: 'm0' })], { at: 2 * day })).toMatchObject({
      deduped: false,
    });
  });
});
