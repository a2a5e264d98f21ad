import { describe, expect, test } from '@jest/globals';

import type { Command, CommandMessage } from '../../src/command/command.js';
import { contextId } from '../../src/context/context-id.js';
import { repetitionOf, resultInDoubt } from '../../src/routing/repetition.js';
import type { CommandResult, Refusal } from '../../src/state/change.js';

const id = contextId('demo');
const hash = new Uint8Array(16);
const stored = new Uint8Array([1]);
const named: CommandMessage = { identity: { id: 'm1', hash }, stored };
const nameless: CommandMessage = { identity: null, stored };

const append = (
  messages: readonly CommandMessage[],
  ifVersion: number | null = null,
  key: string | null = null,
): Command => ({ type: 'append', id, at: 1, ifVersion, call: key === null ? null : { key, hash }, messages });
const compact = (ifVersion: number | null, upToSeq: number | null = null): Command => ({
  type: 'compact',
  id,
  at: 1,
  ifVersion,
  upToSeq,
  messages: [nameless],
});
const put: Command = {
  type: 'put',
  id,
  at: 1,
  tokenBudget: { given: false, value: 1 },
  triggerRatio: { given: false, value: 1 },
  policy: { given: false, value: '{}' },
  metadata: { given: false, value: '{}' },
  activate: false,
};
const erase: Command = { type: 'erase', id, at: 1 };
const tombstone: Command = { type: 'tombstone', id, at: 1 };
const patch: Command = { type: 'patch_metadata', id, at: 1, patch: '{}' };

describe('what a repetition does', () => {
  test.each([
    ['an append with a key', append([nameless], null, 'k'), 'deduplicated'],
    ['an append with a key and a version', append([nameless], 3, 'k'), 'deduplicated'],
    ['an append whose messages all have ids', append([named, named]), 'deduplicated'],
    ['an append with one message without id', append([named, nameless]), 'duplicating'],
    ['an append with a version only', append([nameless], 3), 'conditional'],
    ['a compaction', compact(null), 'duplicating'],
    ['a compaction up to a seq', compact(null, 7), 'duplicating'],
    ['a compaction with a version', compact(3), 'conditional'],
    ['a put', put, 'overwriting'],
    ['a patch', patch, 'overwriting'],
    ['a tombstone', tombstone, 'overwriting'],
    ['an erase', erase, 'overwriting'],
  ] as const)('%s is known', (_, command, repetition) => {
    expect(repetitionOf(command)).toBe(repetition);
  });
});

const refused = (refusal: Refusal): CommandResult => ({ kind: 'refused', refusal });

describe('a result where an earlier try may have been committed', () => {
  const conflict = refused({ reason: 'conflict', currentVersion: 4 });
  const notFound = refused({ reason: 'not_found' });

  test('a success is one', () => {
    const compacted: CommandResult = { kind: 'compacted', version: 4 };
    expect(resultInDoubt(compact(3), compacted)).toEqual(compacted);
  });

  test('a refusal is true where the state would have known the first try', () => {
    expect(resultInDoubt(append([nameless], 3, 'k'), conflict)).toEqual(conflict);
    expect(resultInDoubt(append([named]), notFound)).toEqual(notFound);
  });

  test('a conflict may come from the first try itself', () => {
    expect(resultInDoubt(compact(3), conflict)).toBeNull();
    expect(resultInDoubt(append([nameless], 3), conflict)).toBeNull();
  });

  test('what was to be erased is gone, whoever erased it', () => {
    expect(resultInDoubt(erase, notFound)).toEqual({ kind: 'erased' });
  });

  test('a put, a patch or a tombstone that is refused may have happened before', () => {
    for (const command of [put, patch, tombstone]) {
      expect(resultInDoubt(command, refused({ reason: 'is_tombstoned' }))).toBeNull();
    }
  });
});
