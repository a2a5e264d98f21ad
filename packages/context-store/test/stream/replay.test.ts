import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { ArchiveReader } from '../../src/archive/archive-reader.js';
import { contextId } from '../../src/context/context-id.js';
import type { StreamChange } from '../../src/index.js';
import { changeRange } from '../../src/state/keys.js';
import { history } from '../support/actions.js';
import { readChanges } from '../../src/stream/read-changes.js';
import { changesOfMachine, shown, type ShownChange } from '../support/collect-changes.js';
import { GroupBench, putCommandOf, text } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

describe('replay', () => {
  test('from any cursor gives the rest of what cursor 0 gives, whatever memory holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        history(50),
        fc.constantFrom(1, 6_000, 1 << 20),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (actions, cacheBytes, share) => {
          const bench = await GroupBench.create({ cacheBytes });
          try {
            await runHistory(bench, actions);
            for (const id of ['a', 'b', 'c']) await expectWhole(bench, id, share);
          } finally {
            await bench.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);
});

async function expectWhole(bench: GroupBench, id: string, share: number): Promise<void> {
  const record = bench.machine.context(contextId(id))?.record;
  if (record === undefined) return;
  const all = (await changesOfMachine(bench.machine, id, 0, bench.reader)).map(shown);
  const seqs = all.filter(({ type }) => type === 'message').map(({ seq }) => seq);
  expect(seqs).toEqual(Array.from({ length: record.lastSeq }, (_, n) => n + 1));
  const versions = new Set(all.map(({ version }) => version));
  if (record.version > 0) versions.delete(0);
  expect([...versions].filter((version) => Number(version) > 0)).toEqual(
    Array.from({ length: record.version }, (_, n) => n + 1),
  );
  const cursor = Math.floor(share * record.version);
  const rest = (await changesOfMachine(bench.machine, id, cursor, bench.reader)).map(shown);
  const expected = all.filter(({ version }) => Number(version) > cursor);
  expect(withoutStanding(rest, cursor)).toEqual(
    expected.length === 0 ? [] : withoutStanding(expected, cursor),
  );
}

/** Where the cursor is the end, how the context stands may be said again. */
const withoutStanding = (changes: readonly ShownChange[], cursor: number): ShownChange[] =>
  changes.filter(({ version }) => Number(version) > cursor);

describe('what nothing holds any more', () => {
  let bench: GroupBench;
  /** Four versions of two messages, and a fifth that empties the window, so that all can be trimmed. */
  beforeEach(async () => {
    bench = await GroupBench.create({ cacheBytes: 1 });
    await bench.run(putCommandOf('demo'));
    for (let n = 0; n < 4; n += 1) await bench.append('demo', [text(`a${n}`), text(`b${n}`)]);
    await bench.compact('demo', []);
  });
  afterEach(async () => {
    await bench.close();
  });
  const trim = (tailKeep: number): Promise<unknown> =>
    bench.archiveUpTo('demo', { share: 1, tailKeep, trimSteps: 100 });
  const types = async (
    cursor: number,
    archive: ArchiveReader | null = null,
  ): Promise<(readonly [StreamChange['type'], number])[]> =>
    (await changesOfMachine(bench.machine, 'demo', cursor, archive)).map(
      ({ type, version }) => [type, version] as const,
    );
  const remove = ({ gte, lt }: { gte: Uint8Array; lt: Uint8Array }): void => {
    bench.machine.space.stage([{ type: 'delRange', gte, lt }]);
  };

  test('trimmed messages without an archive give a gap, then the versions that are whole', async () => {
    await trim(5);
    const changes = await changesOfMachine(bench.machine, 'demo', 0);
    expect(changes[0]).toEqual({ type: 'gap', version: 2, expected: 1, actual: 3 });
    expect(changes.slice(1).map(shown)).toMatchObject([
      { seq: 5 },
      { seq: 6 },
      { type: 'context', version: 3 },
      { seq: 7 },
      { seq: 8 },
      { type: 'context', version: 4 },
      { type: 'compaction', version: 5 },
      { type: 'context', version: 5 },
    ]);
  });

  test('with an archive there is no gap', async () => {
    await trim(0);
    expect((await types(0, bench.reader)).filter(([type]) => type === 'message')).toHaveLength(8);
    expect((await types(0, bench.reader)).map(([type]) => type)).not.toContain('gap');
  });

  test('what the archive has lost gives a gap, and the rest of the archive is replayed', async () => {
    await trim(0);
    bench.archive.forget('demo', 3);
    const changes = await changesOfMachine(bench.machine, 'demo', 0, bench.reader);
    expect(changes[0]).toEqual({ type: 'gap', version: 2, expected: 1, actual: 3 });
    expect(changes.flatMap((change) => (change.type === 'message' ? change.seq : []))).toEqual([5, 6, 7, 8]);
  });

  test('an archive that is down gives an error and no gap; the position stays good', async () => {
    await trim(0);
    bench.archive.failure = new Error('connection refused');
    await expect(types(0, bench.reader)).rejects.toMatchObject({ code: 'archive_unavailable', status: 503 });
    bench.archive.failure = null;
    expect((await types(0, bench.reader)).filter(([type]) => type === 'message')).toHaveLength(8);
  });

  test('a cursor behind the gap knows nothing of it', async () => {
    await trim(5);
    expect(await types(3)).toEqual([
      ['message', 4],
      ['message', 4],
      ['context', 4],
      ['compaction', 5],
      ['context', 5],
    ]);
  });

  test('where no message is left, the gap reaches to the first version without one', async () => {
    await trim(0);
    expect(await types(1)).toEqual([
      ['gap', 4],
      ['compaction', 5],
      ['context', 5],
    ]);
  });

  test('a directory from before the index has a gap up to it', async () => {
    remove(changeRange(1, 1, 2));
    const changes = await changesOfMachine(bench.machine, 'demo', 0);
    expect(changes[0]).toEqual({ type: 'gap', version: 2, expected: 1, actual: 3 });
    expect(changes.slice(1).map(({ version }) => version)).toEqual([3, 3, 3, 4, 4, 4, 5, 5]);
  });

  test('a directory without any index has a gap up to its end', async () => {
    remove(changeRange(1, 1, 5));
    expect((await changesOfMachine(bench.machine, 'demo', 0))[0]).toEqual({
      type: 'gap',
      version: 5,
      expected: 1,
      actual: 6,
    });
  });
});

test('a page never has messages of the next life of an id that is erased while it is read', async () => {
  const bench = await GroupBench.create();
  try {
    const id = contextId('a');
    await bench.run(putCommandOf('a'));
    // More versions than are read without a turn of the event loop.
    for (let version = 1; version <= 20; version += 1) await bench.append('a', [text('of the first life')]);
    const life = bench.machine.context(id)?.record.ordinal ?? 0;
    const position = { life, version: 0, messages: 0, load: null };
    const reading = readChanges(bench.source, id, position, true);
    await bench.run({ type: 'erase', id, at: 1 });
    await bench.run(putCommandOf('a'));
    await bench.append('a', [text('of the second life')]);
    const { changes } = await reading;
    expect(changes.map(shown).filter(({ message }) => String(message).includes('second'))).toEqual([]);
  } finally {
    await bench.close();
  }
});
