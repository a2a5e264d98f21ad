import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ArchiveReader } from '../../src/archive/archive-reader.js';
import { contextId } from '../../src/context/context-id.js';
import type { LogSource } from '../../src/paging/read-log.js';
import { readExportPage } from '../../src/paging/export-page.js';
import { readPage, readTail } from '../../src/paging/read-messages.js';
import { readWindow } from '../../src/window/read-window.js';
import { exportAll } from '../support/export-all.js';
import { GroupBench, putCommandOf, text } from '../support/group-bench.js';
import { parse } from '../support/open-store.js';

const id = contextId('demo');

/** Messages 1 to 6 are in the archive alone, 7 to 10 are here. */
describe('history that is in the archive', () => {
  let bench: GroupBench;
  beforeEach(async () => {
    bench = await GroupBench.create({ cacheBytes: 1 });
    await bench.run(putCommandOf('demo'));
    for (let n = 1; n <= 10; n += 1) await bench.append('demo', [text(`m${n}`)]);
    await bench.compact('demo', []);
    await bench.archiveUpTo('demo', { share: 1, tailKeep: 4, trimSteps: 100 });
  });
  afterEach(async () => {
    await bench.close();
  });
  const seqs = (messages: readonly Uint8Array[]): unknown[] => messages.map((json) => parse(json)['seq']);
  const page = async (fromSeq: number, toSeq: number, source: LogSource = bench.source): Promise<unknown[]> =>
    seqs((await readPage(source, id, { fromSeq, toSeq })).messages);
  const refused = { name: 'StoreError', code: 'archive_unavailable', status: 503 };

  describe('while the archive is down', () => {
    beforeEach(() => {
      bench.archive.failure = new Error('connection refused');
    });

    test('is refused as a whole, in every kind of read, and never an empty answer', async () => {
      await expect(page(1, 10)).rejects.toMatchObject(refused);
      await expect(readTail(bench.source, id, { limit: 5 })).rejects.toMatchObject(refused);
      await expect(readTail(bench.source, id, { limit: 1, offset: 9 })).rejects.toMatchObject(refused);
      await expect(exportAll(bench.source, id, {})).rejects.toMatchObject(refused);
    });

    test('does not stand in the way of what is here', async () => {
      expect(await page(7, 10)).toEqual([7, 8, 9, 10]);
      expect(seqs(await readTail(bench.source, id, { limit: 4 }))).toEqual([7, 8, 9, 10]);
      expect(await readTail(bench.source, id, { offset: 10 })).toEqual([]);
      expect((await readWindow(bench.machine, id, {})).messages).toEqual([]);
      expect((await readWindow(bench.machine, id, { explain: true })).explain).toHaveLength(4);
    });

    test('can be read again once it is back', async () => {
      await expect(page(1, 10)).rejects.toMatchObject(refused);
      bench.archive.failure = null;
      expect(await page(1, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });
  });

  test('is refused where this node has no archive', async () => {
    const source = { machine: bench.machine, archive: null };
    await expect(page(1, 3, source)).rejects.toMatchObject(refused);
    expect(await page(7, 8, source)).toEqual([7, 8]);
  });

  test('is refused where the archive does not answer in time, or too many wait for it', async () => {
    bench.archive.gate = new Promise(() => undefined);
    const archive = new ArchiveReader(bench.archive, 20);
    const source = { machine: bench.machine, archive };
    const reads = await Promise.allSettled(Array.from({ length: 65 }, () => page(1, 3, source)));
    const messages = reads.map((read) => (read.status === 'rejected' ? String(read.reason) : 'answered'));
    expect(messages.filter((message) => message.includes('did not answer'))).toHaveLength(64);
    expect(messages.filter((message) => message.includes('Too many'))).toHaveLength(1);
  });

  test('and was deleted there is said to be gone, and what is newer can be read', async () => {
    bench.archive.forget('demo', 2);
    await expect(page(1, 10)).rejects.toMatchObject({ code: 'archive_incomplete', status: 410 });
    expect(await page(3, 10)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('breaks an export off where the archive goes away in its midst', async () => {
    await bench.run(putCommandOf('large'));
    const part = { type: 'text', text: 'x'.repeat(200_000) };
    for (let n = 0; n < 4; n += 1) {
      await bench.append('large', [{ role: 'user', parts: [part], tokenCount: 1 }]);
    }
    await bench.compact('large', []);
    await bench.archiveUpTo('large', { share: 1, tailKeep: 0, trimSteps: 100 });
    const large = contextId('large');
    const { next } = await readExportPage(bench.source, large, { life: null });
    bench.archive.failure = new Error('connection reset');
    if (next === null) throw new Error('The export has one piece only.');
    await expect(readExportPage(bench.source, large, next)).rejects.toMatchObject(refused);
  });

  test('is not found where the context was erased while the archive was asked', async () => {
    let open = (): void => undefined;
    bench.archive.gate = new Promise((resolve) => {
      open = resolve;
    });
    const reading = page(1, 10);
    await bench.run({ type: 'erase', id, at: 1 });
    bench.archive.forget('demo', 10);
    open();
    await expect(reading).rejects.toMatchObject({ code: 'context_not_found' });
  });

  test('has no hole where more is trimmed while a page is read', async () => {
    let open = (): void => undefined;
    bench.archive.gate = new Promise((resolve) => {
      open = resolve;
    });
    const reading = page(5, 10);
    const trimming = bench.archiveUpTo('demo', { share: 1, tailKeep: 0, trimSteps: 100 });
    await trimming;
    expect(bench.machine.context(id)?.record.archive.localFrom).toBe(11);
    open();
    expect(await reading).toEqual([5, 6, 7, 8, 9, 10]);
  });

  test('can be read again after an adapter threw where it should have rejected', async () => {
    let failing = true;
    const archive = new ArchiveReader(
      {
        read: (...call) => {
          if (failing) throw new TypeError('no pool');
          return bench.archive.read(...call);
        },
      },
      1_000,
    );
    const source = { ...bench.source, archive };
    for (let tries = 0; tries < 65; tries += 1)
      await expect(page(1, 10, source)).rejects.toMatchObject(refused);
    failing = false;
    expect(await page(1, 10, source)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
