import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { measureRaft } from '../src/scenarios/raft.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-bench-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('raft is measured over both storages, with one group and with many, and every proposal is committed', async () => {
  const results = await measureRaft(
    directory,
    { seconds: 0.2, warmUpSeconds: 0, profile: false },
    () => undefined,
  );
  expect(results.map(({ storage, groups }) => [storage, groups])).toEqual([
    ['memory', 1],
    ['memory', 256],
    ['log-storage', 1],
    ['log-storage', 256],
  ]);
  for (const { perSecond, failed } of results) {
    expect(perSecond).toBeGreaterThan(0);
    expect(failed).toBe(0);
  }
});
