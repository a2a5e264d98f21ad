import { describe, expect, test } from '@jest/globals';
import { emptyWindow, encodeWindowState } from '@fastpaca/token-budget';
import fc from 'fast-check';

import type { Command, ImportedContext, ImportEntry } from '../../src/command/command.js';
import { contextId } from '../../src/context/context-id.js';
import { encodeEntry } from '../../src/stream/change-entry.js';
import { prepareMessages } from '../../src/message/prepare-messages.js';
import { history } from '../support/actions.js';
import { estimator, GroupBench, putCommandOf, text } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

type ImportCommand = Extract<Command, { type: 'import' }>;

const id = contextId('a');

async function messages(count: number): Promise<ImportEntry[]> {
  const inputs = Array.from({ length: count }, (_, index) => text(`message ${index}`));
  const prepared = await prepareMessages(inputs, estimator, 1_000);
  return prepared.map(({ stored }) => ({ section: 'message', stored }));
}

const contextOf = (lastSeq: number): ImportedContext => ({
  status: 'active',
  version: 7,
  lastSeq,
  createdAt: 1_000,
  updatedAt: 2_000,
  appends: 7,
  window: encodeWindowState({ ...emptyWindow(), lastSeq, liveFrom: lastSeq + 1 }),
  tokenBudget: 8_000,
  triggerRatio: 0.7,
  policy: '{"strategy":"manual","config":{}}',
  metadata: '{}',
});

const command = (part: Partial<ImportCommand>): ImportCommand => ({
  type: 'import',
  id,
  at: 5_000,
  replace: false,
  stage: null,
  from: 0,
  entries: [],
  finish: null,
  ...part,
});

async function withBench(run: (bench: GroupBench) => Promise<void>): Promise<void> {
  const bench = await GroupBench.create();
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}

async function begin(bench: GroupBench, entries: readonly ImportEntry[]): Promise<number> {
  const result = await bench.run(command({ entries }));
  if (result.kind !== 'staged') throw new Error(`It came to ${JSON.stringify(result)}.`);
  return result.stage;
}

describe('an import in several commands', () => {
  test('is not there before its last one, and each of them may come twice', () =>
    withBench(async (bench) => {
      const [first, second, third] = await messages(3);
      if (!first || !second || !third) throw new Error('There are three messages.');
      const stage = await begin(bench, [first]);
      const next = command({ stage, from: 1, entries: [second] });
      expect(await bench.run(next)).toEqual({ kind: 'staged', stage });
      expect(await bench.run(next)).toEqual({ kind: 'staged', stage });
      expect(bench.machine.context(id)).toBeUndefined();
      expect(bench.changes).toEqual([]);
      const last = command({ stage, from: 2, entries: [third], finish: contextOf(3) });
      expect(await bench.run(last)).toEqual({ kind: 'imported' });
      expect(await bench.run(last)).toEqual({ kind: 'imported' });
      expect(bench.machine.context(id)?.record).toMatchObject({ lastSeq: 3, version: 7, createdAt: 1_000 });
      expect(await bench.append('a', [text('on')])).toMatchObject({ version: 8, results: [{ seq: 4 }] });
    }));

  test('survives a restart between two of them', () =>
    withBench(async (bench) => {
      const all = await messages(2);
      const stage = await begin(bench, all.slice(0, 1));
      await bench.restart({ flush: true });
      const last = command({ stage, from: 1, entries: all.slice(1), finish: contextOf(2) });
      expect(await bench.run(last)).toEqual({ kind: 'imported' });
    }));

  test('gives way to one that begins later, and leaves nothing of itself behind', () =>
    withBench(async (bench) => {
      const all = await messages(2);
      const old = await begin(bench, all);
      const stage = await begin(bench, all.slice(0, 1));
      expect(await bench.run(command({ stage: old, from: 2, finish: contextOf(2) }))).toEqual({
        kind: 'refused',
        refusal: { reason: 'import_superseded' },
      });
      await bench.run(command({ stage, finish: 'discard' }));
      const keys = (await bench.bytes()).split('\n').map((line) => line.slice(0, 2));
      expect(keys).toEqual(['00']);
    }));

  test('goes with an erase', () =>
    withBench(async (bench) => {
      const stage = await begin(bench, await messages(1));
      expect(await bench.run({ type: 'erase', id, at: 1 })).toEqual({ kind: 'erased' });
      expect(await bench.run({ type: 'erase', id, at: 1 })).toMatchObject({ kind: 'refused' });
      expect(await bench.run(command({ stage, from: 1, finish: contextOf(1) }))).toMatchObject({
        refusal: { reason: 'import_superseded' },
      });
    }));

  test('does not take the place of a context that was created meanwhile, unless it is to', () =>
    withBench(async (bench) => {
      const entries = await messages(1);
      const stage = await begin(bench, entries);
      await bench.run(putCommandOf('a'));
      await bench.append('a', [text('mine'), text('too')]);
      const finish = contextOf(1);
      const exists = { kind: 'refused', refusal: { reason: 'import_exists' } };
      expect(await bench.run(command({ stage, from: 1, finish }))).toEqual(exists);
      expect(await bench.run(command({ entries, finish }))).toEqual(exists);
      expect(await bench.run(command({ entries, finish, replace: true }))).toEqual({ kind: 'imported' });
      expect(bench.machine.context(id)?.record).toMatchObject({ lastSeq: 1, version: 7 });
      const count = (await bench.bytes()).split('\n').filter((line) => line.startsWith('03')).length;
      expect(count).toBe(1);
    }));

  test.each<[string, Partial<ImportedContext>]>([
    ['other messages than came', { lastSeq: 2 }],
    ['a window of another log', { window: encodeWindowState(emptyWindow()) }],
    ['a window that cannot be read', { window: new Uint8Array(3) }],
    ['a budget of nothing', { tokenBudget: 0 }],
    ['a ratio beyond 1', { triggerRatio: 2 }],
    ['a policy that is none', { policy: '{"strategy":"guess"}' }],
    ['metadata that is no object', { metadata: '[]' }],
    ['too much metadata', { metadata: JSON.stringify({ a: 'x'.repeat(70_000) }) }],
    ['a time that no date can say', { updatedAt: 9_000_000_000_000_000 }],
    ['a version that leaves no room for more', { version: 2 ** 48 - 1 }],
    ['more appends than can be counted', { appends: Number.MAX_SAFE_INTEGER }],
  ])('is refused with %s', (_, wrong) =>
    withBench(async (bench) => {
      const finish = { ...contextOf(1), ...wrong };
      expect(await bench.run(command({ entries: await messages(1), finish }))).toMatchObject({
        refusal: { reason: 'import_invalid' },
      });
      expect(bench.machine.context(id)).toBeUndefined();
    }),
  );

  test('is refused with a change of a version that no key can hold', () =>
    withBench(async (bench) => {
      const load = { usedTokens: 0, needsCompaction: false };
      const entry = encodeEntry({ kind: 'append', lastSeq: 0, count: 0, load });
      const entries = [{ section: 'change', version: 2 ** 48, entry }] as const;
      expect(await bench.run(command({ entries }))).toMatchObject({ refusal: { reason: 'import_invalid' } });
    }));
});

test('a window that does not belong to its messages may cost an append, never the group', async () => {
  let imported = 0;
  await fc.assert(
    fc.asyncProperty(
      history(25),
      history(8),
      fc.array(fc.record({ at: fc.nat(), value: fc.nat({ max: 127 }) }), { minLength: 5, maxLength: 5 }),
      async (before, after, changes) => {
        const bench = await GroupBench.create();
        try {
          await runHistory(bench, before);
          const { record, profile } = bench.machine.context(id) ?? {};
          if (record === undefined || profile === undefined) return;
          const entries = await entriesOf(bench, record.ordinal);
          for (const { at, value } of changes) {
            const window = Buffer.from(encodeWindowState(record.window));
            // From the third byte on: the first says the version, the second what follows.
            window[2 + (at % (window.length - 2))] = value;
            const finish = { ...record, window, ...textsOf(profile) };
            const { kind } = await bench.run(command({ replace: true, entries, finish }));
            if (kind !== 'imported') continue;
            imported += 1;
            await runHistory(bench, after);
            await bench.append('a', [text('more'), text('and', { role: 'assistant' })]);
            await bench.compact('a', [text('a summary')], { upToSeq: 1 });
            await bench.compact('a', [text('a summary')]);
            expect(await bench.append('b', [text('this one has its own window')])).toBeDefined();
          }
        } finally {
          await bench.close();
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(imported).toBeGreaterThan(60);
}, 120_000);

async function entriesOf(bench: GroupBench, ordinal: number): Promise<ImportEntry[]> {
  const pairs = await bench.machine.space.rangeArray({});
  return pairs.flatMap(([key, stored]): ImportEntry[] => {
    const bytes = Buffer.from(key);
    if (bytes.length !== 13 || bytes.readUIntBE(1, 6) !== ordinal) return [];
    if (bytes[0] === 3) return [{ section: 'message', stored }];
    return bytes[0] === 4 ? [{ section: 'replacement', stored }] : [];
  });
}

const textsOf = ({
  tokenBudget,
  triggerRatio,
  policyText,
  metadataText,
}: {
  readonly tokenBudget: number;
  readonly triggerRatio: number;
  readonly policyText: string;
  readonly metadataText: string;
}) => ({ tokenBudget, triggerRatio, policy: policyText, metadata: metadataText });
