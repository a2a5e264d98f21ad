import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { history } from '../support/actions.js';
import { backupOf, contextTexts, inPieces, linesOf } from '../support/backup-lines.js';
import { everythingOf } from '../support/everything-of.js';
import { text } from '../support/group-bench.js';
import { StoreBench } from '../support/open-store.js';
import { runOnStore } from '../support/run-on-store.js';

/** One moment, so that two stores that do the same say the same. */
const now = (): number => 1_700_000_000_123;
const messagesUnderLoad = Number(process.env['BACKUP_MESSAGES'] ?? 3_000);

describe('a backup', () => {
  let from: StoreBench;
  beforeAll(async () => {
    from = await StoreBench.open({ now });
  });
  afterAll(() => from.close());

  test('brings back every context byte for byte, in a store of other groups, whatever its history', async () => {
    await fc.assert(
      fc.asyncProperty(history(40), async (actions) => {
        const to = await StoreBench.open({ groups: 3, now });
        try {
          await runOnStore(from.store, actions);
          const backup = await backupOf(from.store);
          const report = await to.store.import(inPieces(backup, 777));
          const before = await everythingOf(from.store);
          expect(report).toMatchObject({ imported: Object.keys(before).length, conflictCount: 0 });
          expect(await everythingOf(to.store)).toEqual(before);
          expect(contextTexts(await backupOf(to.store))).toEqual(contextTexts(backup));
          // The restored store goes on exactly as the first one does.
          await runOnStore(from.store, actions);
          await runOnStore(to.store, actions);
          expect(await everythingOf(to.store)).toEqual(await everythingOf(from.store));
        } finally {
          await to.close();
        }
      }),
      { numRuns: 8 },
    );
  }, 120_000);

  test('imported again changes nothing and says so', async () => {
    await from.store.put('again', {});
    await from.store.append('again', [text('one'), text('two')]);
    const backup = await backupOf(from.store, { ids: ['again'] });
    const before = await everythingOf(from.store);
    expect(await from.store.import(inPieces(backup))).toEqual({
      imported: 0,
      replaced: 0,
      unchanged: 1,
      messages: 0,
      conflicts: [],
      conflictCount: 0,
    });
    expect(await everythingOf(from.store)).toEqual(before);
  });

  test('remembers keys: a retry after the restore is answered as before, and appended once', async () => {
    await from.store.put('keys', {});
    const first = await from.store.append('keys', [text('one', { id: 'm-1' })], { idempotencyKey: 'k-1' });
    const to = await StoreBench.open({ groups: 2 });
    try {
      await to.store.import(inPieces(await backupOf(from.store, { ids: ['keys'] })));
      const retry = [text('one', { id: 'm-1' })];
      const again = await to.store.append('keys', retry, { idempotencyKey: 'k-1' });
      expect(again).toEqual({ ...first, deduped: true });
      expect(await to.store.append('keys', retry)).toMatchObject({ deduped: true });
      await expect(to.store.append('keys', [text('two', { id: 'm-1' })])).rejects.toMatchObject({
        code: 'idempotency_conflict',
      });
    } finally {
      await to.close();
    }
  });

  test('holds only what was asked for: a prefix, or some ids, which must be there', async () => {
    for (const id of ['p:1', 'p:2', 'q:1']) await from.store.put(id, {});
    const idsOf = (backup: Buffer): unknown[] =>
      linesOf(backup).flatMap((line) => (line.type === 'context' ? [line['id']] : []));
    expect(idsOf(await backupOf(from.store, { prefix: 'p:' })).sort()).toEqual(['p:1', 'p:2']);
    expect(idsOf(await backupOf(from.store, { ids: ['q:1', 'p:2', 'q:1'] })).sort()).toEqual(['p:2', 'q:1']);
    await expect(from.store.backup({ ids: ['nobody'] })).rejects.toMatchObject({ code: 'context_not_found' });
    await expect(from.store.backup({ ids: ['no body'] })).rejects.toMatchObject({
      code: 'invalid_context_id',
    });
  });
});

test(`${messagesUnderLoad} messages round-trip while clients append, compact and erase`, async () => {
  const from = await StoreBench.open({ groups: 16 });
  const to = await StoreBench.open({ groups: 5 });
  try {
    const ids = Array.from({ length: 20 }, (_, index) => `load-${index}`);
    for (const id of ids) await from.store.put(id, { tokenBudget: 2_000 });
    const perBatch = 50;
    const each = messagesUnderLoad / ids.length / perBatch;
    for (let batch = 0; batch < each; batch += 1) {
      await Promise.all(ids.map((id) => from.store.append(id, batchOf(perBatch, `${id} ${batch}`))));
    }
    let loaded = true;
    const load = (async () => {
      for (let round = 0; loaded; round += 1) {
        await Promise.all(ids.slice(0, 10).map((id) => from.store.append(id, batchOf(3, `late ${round}`))));
        await from.store.compact('load-0', [text('a summary')]);
        await from.store.put('short-lived', {});
        await from.store.append('short-lived', batchOf(10, 'short'));
        await from.store.erase('short-lived');
      }
    })();
    const backup = await backupOf(from.store);
    loaded = false;
    await load;
    const report = await to.store.import(inPieces(backup, 100_000));
    expect(report.messages).toBeGreaterThanOrEqual(messagesUnderLoad);
    expect(report.conflictCount).toBe(0);

    const [before, after] = [await everythingOf(from.store), await everythingOf(to.store)];
    // Nobody wrote to these, so they are what they were.
    for (const id of ids.slice(10)) expect(after[id]).toEqual(before[id]);
    // The others are as they were at one moment: what was appended later is missing at the end only.
    for (const id of ids.slice(0, 10)) {
      const { messages } = after[id] as { messages: string };
      expect((before[id] as { messages: string }).messages.startsWith(messages)).toBe(true);
      const { last_seq } = await to.store.get(id);
      expect(messages.trimEnd().split('\n')).toHaveLength(last_seq);
    }
    expect(contextTexts(await backupOf(to.store))).toEqual(contextTexts(backup));
  } finally {
    await from.close();
    await to.close();
  }
}, 600_000);

const batchOf = (count: number, content: string) =>
  Array.from({ length: count }, (_, index) => text(`${content} ${index} ${'x'.repeat(200)}`));
