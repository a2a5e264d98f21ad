import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { BackupSource } from '../../src/backup/backup-source.js';
import { readHead } from '../../src/backup/read-head.js';
import { readChangeRun, readKeyRun, readMessageRun } from '../../src/backup/read-runs.js';
import { writeBackup } from '../../src/backup/write-backup.js';
import { history, type Action } from '../support/actions.js';
import { backupOf, inPieces } from '../support/backup-lines.js';
import { GroupBench } from '../support/group-bench.js';
import { StoreBench } from '../support/open-store.js';
import { runHistory } from '../support/run-history.js';

/** A backup of one group, read as a replica reads it. */
const sourceOf = ({ source }: GroupBench): BackupSource => ({
  ids: () => Promise.resolve({ ids: ['a', 'b', 'c'], next: null }),
  head: (id) => readHead(source, id),
  messages: (id, query) => readMessageRun(source, id, query),
  changes: (id, query) => readChangeRun(source, id, query),
  keys: (id, query) => readKeyRun(source, id, query),
});

async function backup(bench: GroupBench): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await writeBackup(sourceOf(bench), {}, 0)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Without what is made anew of a message that came from the archive, and without the checksum of it. */
const contents = (bytes: Buffer): string[] =>
  bytes
    .toString()
    .trimEnd()
    .split('\n')
    .slice(1, -1)
    .map((line) => line.replace(/^\{"type":"message","outline":"[^"]*"/, ''));

/** Most of a long context leaves its window, reaches the archive and is trimmed: drawn histories may do without. */
const trimming: readonly Action[] = [
  { type: 'put', id: 'a', settings: { tokenBudget: 100 } },
  ...['b', 'c'].map((id): Action => ({ type: 'put', id, settings: {} })),
  ...Array.from({ length: 20 }, (_, turn): Action => {
    const parts = [{ type: 'text', text: `turn ${turn}` }];
    const messages = ['user', 'assistant'].map((role) => ({ role, parts, tokenCount: 10 }));
    return { type: 'append', id: 'a', messages };
  }),
  { type: 'archive', id: 'a', share: 1, tailKeep: 2, trimSteps: 1_000 },
];

test('a backup reads what was trimmed from the archive, and a restore of it needs no archive', async () => {
  let trimmedMessages = 0;
  await fc.assert(
    fc.asyncProperty(history(50), async (actions) => {
      const whole = await GroupBench.create();
      const trimmed = await GroupBench.create();
      const to = await StoreBench.open({ groups: 3 });
      try {
        await runHistory(
          whole,
          actions.filter(({ type }) => type !== 'archive'),
        );
        await runHistory(trimmed, actions);
        for (const id of ['a', 'b', 'c']) {
          const { archive } = trimmed.machine.context(id as never)?.record ?? {};
          trimmedMessages += (archive?.localFrom ?? 1) - 1;
        }
        const saved = await backup(trimmed);
        expect(contents(saved)).toEqual(contents(await backup(whole)));
        const report = await to.store.import(inPieces(saved));
        expect(report.conflictCount).toBe(0);
        expect(contents(await backupOf(to.store))).toEqual(contents(saved));
        // Some of it is trimmed by now in the store that it came from: it is the same nevertheless.
        expect(await to.store.import(inPieces(await backup(whole)))).toMatchObject({
          imported: 0,
          conflictCount: 0,
        });
      } finally {
        await whole.close();
        await trimmed.close();
        await to.close();
      }
    }),
    { numRuns: 10, examples: [[trimming]] },
  );
  expect(trimmedMessages).toBeGreaterThan(0);
}, 120_000);
