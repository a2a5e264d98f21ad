import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { ArchiveAdapter } from '../archive-adapter.js';
import { ArchiveError } from '../archive-error.js';
import type { ArchiveRow } from '../archive-row.js';
import type { ConformanceCase } from './conformance-case.js';
import { expectRows, sampleRow, sampleRows } from './sample-rows.js';

/** An empty archive for one case. */
export interface ArchivePlace {
  /** An adapter over this archive, as a process would open it. The suite closes it. */
  open(): Promise<ArchiveAdapter>;
  dispose?(): Promise<void>;
}

type Check = (open: () => Promise<ArchiveAdapter>) => Promise<void>;

const chat = { contextId: 'chat-1', life: 'life-1' };
const everything = { fromSeq: 1, toSeq: 1_000_000, maxBytes: Number.MAX_SAFE_INTEGER };

async function write(adapter: ArchiveAdapter, rows: readonly ArchiveRow[], inserted: number): Promise<void> {
  const outcome = await adapter.write(rows);
  deepEqual(outcome.refused, []);
  equal(outcome.inserted, inserted);
}

function bytesOf(rows: readonly ArchiveRow[]): number {
  return rows.reduce((sum, row) => sum + row.body.byteLength, 0);
}

/** What JSON allows and stores like to change or refuse. */
const awkward = [
  '"parts":[{"type":"text","text":"a\\u0000b"}],"metadata":{"\\u0000":"\\\\u0000"}',
  '"parts":[{"type":"text","text":"half a pair \\ud83d, the other \\uDE00, both \\ud83d\\ude00 😀"}]',
  '"metadata":{"b":1,"a":{"z":1.50,"y":1e2,"b":-0}},"parts":[ {"type":"x" , "b":1,"a":2} ]',
  '"parts":[{"type":"n","big":12345678901234567890123,"huge":1e999999,"tiny":1e-999999}],"metadata":{"a":1,"a":2}',
  '"parts":[{"type":"text","text":"tab\\tline\\nquote\\"slash\\/ \u2028 é"}],"metadata":{"id":"\\"}"}',
  `"parts":[{"type":"text","text":"${'long '.repeat(200_000)}"}]`,
];

const always: Record<string, Check> = {
  'an empty archive has nothing, and takes nothing': async (open) => {
    const adapter = await open();
    deepEqual(await adapter.read(chat, everything), []);
    await write(adapter, [], 0);
  },

  'what was written is read back byte for byte, also by the next process': async (open) => {
    const rows = [
      ...awkward.map((content, index) => sampleRow(index + 1, { content })),
      sampleRow(awkward.length + 1, { role: 'a role\u0000 \u{1F600} \\"' }),
    ];
    const adapter = await open();
    const outcome = await adapter.write(rows);
    deepEqual(outcome, { inserted: rows.length, insertedBytes: bytesOf(rows), refused: [] });
    expectRows(await adapter.read(chat, everything), rows);
    await adapter.close();
    expectRows(await (await open()).read(chat, everything), rows);
  },

  'ids and lives of any characters are kept apart': async (open) => {
    const adapter = await open();
    const names = ['a', 'A', 'a/../b', '..', 'a%2Fb', 'ü', '@:_-.', 'x'.repeat(256)];
    const rows = names.map((contextId) => sampleRow(1, { contextId, life: `life of ${contextId}` }));
    await write(adapter, rows, names.length);
    for (const row of rows) expectRows(await adapter.read(row, everything), [row]);
  },

  'a row given twice is there once': async (open) => {
    const adapter = await open();
    await write(adapter, sampleRows(1, 6), 6);
    await write(adapter, sampleRows(1, 6), 0);
    await write(adapter, sampleRows(4, 9), 3);
    await write(adapter, [sampleRow(10), sampleRow(10)], 1);
    expectRows(await adapter.read(chat, everything), sampleRows(1, 10));
  },

  'rows may come in any order, of several contexts at once': async (open) => {
    const adapter = await open();
    const other = { contextId: 'chat-0', life: 'life-0' };
    const mine = sampleRows(1, 4);
    const theirs = sampleRows(1, 3, other);
    const mixed = [mine[3], theirs[1], mine[0], theirs[2], mine[2], mine[1], theirs[0]];
    await write(
      adapter,
      mixed.filter((row) => row !== undefined),
      7,
    );
    expectRows(await adapter.read(chat, everything), mine);
    expectRows(await adapter.read(other, everything), theirs);
  },

  'another content at the same place is refused, and the rest of the batch is written': async (open) => {
    const adapter = await open();
    await write(adapter, sampleRows(1, 3), 3);
    const forged = sampleRow(2, { content: '"parts":[{"type":"text","text":"forged"}]' });
    const recounted = { ...sampleRow(3), tokenCount: 77 };
    const others = sampleRows(1, 2, { contextId: 'chat-2', life: 'life-2' });
    const outcome = await adapter.write([sampleRow(1), forged, recounted, ...others]);
    deepEqual(
      outcome.refused.map(({ row }) => row).sort((a, b) => a.seq - b.seq),
      [forged, recounted],
    );
    ok(outcome.refused.every(({ reason }) => reason.length > 0));
    equal(outcome.inserted, 2);
    expectRows(await adapter.read(chat, everything), sampleRows(1, 3));
    expectRows(await adapter.read({ contextId: 'chat-2', life: 'life-2' }, everything), others);
  },

  'a read begins at its first seq, ends before a hole, and goes by bytes': async (open) => {
    const adapter = await open();
    await adapter.write([...sampleRows(3, 6), ...sampleRows(8, 9)]);
    const read = (fromSeq: number, toSeq: number, maxBytes = Number.MAX_SAFE_INTEGER) =>
      adapter.read(chat, { fromSeq, toSeq, maxBytes });
    deepEqual(await read(1, 9), []);
    deepEqual(await read(7, 9), []);
    deepEqual(await read(5, 4), []);
    expectRows(await read(3, 9), sampleRows(3, 6));
    expectRows(await read(4, 5), sampleRows(4, 5));
    expectRows(await read(4, 6, 1), [sampleRow(4)]);
    const two = bytesOf(sampleRows(4, 5));
    expectRows(await read(4, 6, two), sampleRows(4, 5));
    expectRows(await read(4, 6, two - 1), [sampleRow(4)]);
  },

  'long histories are read in steps': async (open) => {
    const adapter = await open();
    const rows = sampleRows(1, 3_000);
    await write(adapter, rows, 3_000);
    const found: ArchiveRow[] = [];
    while (found.length < 3_000) {
      const page = await adapter.read(chat, { ...everything, fromSeq: found.length + 1, maxBytes: 50_000 });
      ok(page.length > 0, `nothing after ${found.length}`);
      ok(bytesOf(page) <= 50_000);
      found.push(...page);
    }
    expectRows(found, rows);
  },

  'two lives of one id never mix': async (open) => {
    const adapter = await open();
    await write(adapter, sampleRows(1, 3), 3);
    const second = sampleRows(1, 4, { life: 'life-2' });
    const outcome = await adapter.write(second);
    ok(outcome.refused.length === 0 || outcome.refused.length >= 3, 'some of the second life went in');
    expectRows(await adapter.read(chat, everything), sampleRows(1, 3));
    await adapter.erase(chat);
    await adapter.write(second);
    expectRows(await adapter.read({ ...chat, life: 'life-2' }, everything), second);
    deepEqual(await adapter.read(chat, everything), []);
  },

  'an erased life is gone and does not come back': async (open) => {
    const adapter = await open();
    const other = sampleRows(1, 2, { contextId: 'chat-2', life: 'life-2' });
    await write(adapter, [...sampleRows(1, 50), ...other], 52);
    await adapter.erase(chat);
    deepEqual(await adapter.read(chat, everything), []);
    const again = await adapter.write([...sampleRows(51, 60), ...sampleRows(3, 3, other[0])]);
    deepEqual(again.refused, []);
    equal(again.inserted, 1);
    await adapter.close();
    const next = await open();
    await write(next, sampleRows(1, 5), 0);
    deepEqual(await next.read(chat, everything), []);
    equal((await next.read({ contextId: 'chat-2', life: 'life-2' }, everything)).length, 3);
  },

  'what was never there, or is gone, can be erased': async (open) => {
    const adapter = await open();
    await adapter.erase(chat);
    await adapter.erase(chat);
    await write(adapter, sampleRows(1, 1), 0);
    await write(adapter, sampleRows(1, 1, { life: 'life-2' }), 1);
  },

  'writes under way leave nothing of a life that is erased meanwhile': async (open) => {
    const adapter = await open();
    for (let round = 1; round <= 5; round += 1) {
      const life = `life-${round}`;
      const writes = [1, 101, 201].map((from) => adapter.write(sampleRows(from, from + 99, { life })));
      const erasure = adapter.erase({ ...chat, life });
      await Promise.all([...writes, erasure]);
      deepEqual(await adapter.read({ ...chat, life }, everything), []);
    }
    await write(adapter, sampleRows(1, 1, { life: 'life-6' }), 1);
  },

  'migrate may be called again and changes nothing': async (open) => {
    const adapter = await open();
    await write(adapter, sampleRows(1, 3), 3);
    await adapter.migrate();
    expectRows(await adapter.read(chat, everything), sampleRows(1, 3));
  },

  'after close every call says so': async (open) => {
    const adapter = await open();
    await adapter.close();
    await adapter.close();
    const closed = (error: unknown) => error instanceof ArchiveError && error.code === 'archive_closed';
    await rejects(adapter.write(sampleRows(1, 1)), closed);
    await rejects(adapter.read(chat, everything), closed);
    await rejects(adapter.erase(chat), closed);
    await rejects(adapter.migrate(), closed);
  },
};

const whereItIsShared: Record<string, Check> = {
  'of several processes that write the same rows at once, each row is inserted by one': async (open) => {
    const adapters = [await open(), await open(), await open()];
    const outcomes = await Promise.all(adapters.map((adapter) => adapter.write(sampleRows(1, 500))));
    deepEqual(
      outcomes.flatMap(({ refused }) => refused),
      [],
    );
    equal(
      outcomes.reduce((sum, { inserted }) => sum + inserted, 0),
      500,
    );
    for (const adapter of adapters) expectRows(await adapter.read(chat, everything), sampleRows(1, 500));
  },

  'an erasure by one process is final for the writes of another': async (open) => {
    const [eraser, writer] = [await open(), await open()];
    const writes = [1, 101, 201].map((from) => writer.write(sampleRows(from, from + 99)));
    await eraser.erase(chat);
    await Promise.all(writes);
    await write(writer, sampleRows(301, 400), 0);
    deepEqual(await writer.read(chat, everything), []);
  },
};

/**
 * The contract of `ArchiveAdapter` as cases for any test runner. Each case gets a place of its own.
 *
 * ```ts
 * for (const { name, run } of archiveConformance(() => newPlace())) test(name, run);
 * ```
 *
 * @param createPlace Gives an empty, migrated archive.
 */
export function archiveConformance(
  createPlace: () => Promise<ArchivePlace>,
  { shared = false }: { readonly shared?: boolean } = {},
): readonly ConformanceCase[] {
  const checks = { ...always, ...(shared ? whereItIsShared : {}) };
  return Object.entries(checks).map(([name, check]) => ({ name, run: () => runIn(createPlace, check) }));
}

async function runIn(createPlace: () => Promise<ArchivePlace>, check: Check): Promise<void> {
  const place = await createPlace();
  const opened: ArchiveAdapter[] = [];
  try {
    await check(async () => {
      const adapter = await place.open();
      opened.push(adapter);
      return adapter;
    });
  } finally {
    for (const adapter of opened) await adapter.close();
    await place.dispose?.();
  }
}
