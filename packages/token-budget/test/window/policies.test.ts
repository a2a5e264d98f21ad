import { describe, expect, test } from '@jest/globals';
import { needsCompaction, usedTokens } from '../../src/index.js';
import type { WindowPolicy } from '../../src/index.js';
import { assistant, file, message, reasoning, system, text, user, wholeCall } from './conversation.js';
import { TestStore } from './store.js';

const roomy = { tokens: 10_000, triggerRatio: 0.7 };

function chat(context: TestStore, messages: number): void {
  for (let i = 0; i < messages; i++) context.append(i % 2 === 0 ? user('q') : assistant('a'));
}

describe('last_n', () => {
  test('never has more than `limit` messages, and cuts to 3/4 of it', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 8 }, roomy);
    const lengths: number[] = [];
    for (let i = 0; i < 14; i++) {
      chat(context, 1);
      context.append(assistant('a'));
      lengths.push(context.seqs().length);
    }
    expect(lengths).toEqual([2, 4, 6, 8, 6, 8, 6, 8, 6, 8, 6, 8, 6, 8]);
  });

  test('cuts below half of the trigger once it is passed, and stays there until it is passed again', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 200 }, { tokens: 200, triggerRatio: 0.5 });
    const compactions: number[] = [];
    for (let seq = 1; seq <= 30; seq++) {
      if (context.append(seq % 2 === 1 ? user('q') : assistant('a')) !== null) compactions.push(seq);
      expect(usedTokens(context.state)).toBeLessThanOrEqual(100);
    }
    expect(compactions).toEqual([11, 17, 23, 29]);
  });

  test('keeps the last turn whole even beyond `limit`', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 2 }, roomy);
    chat(context, 2);
    context.append(user('b'), assistant('1'), assistant('2'), assistant('3'));
    expect(context.seqs()).toEqual([3, 4, 5, 6]);
  });

  test('does not try to cut an unfinished turn again at every append', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 4 }, { tokens: 100, triggerRatio: 0.5 });
    context.append(user('a'));
    context.mostLoaded = 0;
    for (let i = 0; i < 50; i++) expect(context.append(assistant('more'))).toBeNull();
    expect(context.mostLoaded).toBe(0);
    expect(context.read()).toEqual({ kind: 'unsatisfiable', minimumTokens: 510 });
  });
});

describe('skip_parts', () => {
  const policy: WindowPolicy = {
    strategy: 'skip_parts',
    skipKinds: ['tool', 'reasoning'],
    limit: null,
    keepLast: 0,
  };

  function toolTurn(context: TestStore): void {
    context.append(user('q'));
    context.append(message('assistant', [reasoning, wholeCall('x'), text('a')], 33));
  }

  test('drops the kinds from finished turns once the trigger is passed, and not before', () => {
    const context = new TestStore(policy, { tokens: 150, triggerRatio: 1 });
    toolTurn(context);
    toolTurn(context);
    toolTurn(context);
    expect(context.stored().messages.every(({ parts }) => parts === 'all')).toBe(true);
    context.append(user('q', 22));
    expect(context.stored().messages.map(({ parts }) => parts)).toEqual([
      'all',
      [2],
      'all',
      [2],
      'all',
      [2],
      'all',
    ]);
    expect(usedTokens(context.state)).toBe(30 + 3 * 13 + 22);
  });

  test('drops a message that is left empty', () => {
    const context = new TestStore(policy, { tokens: 100, triggerRatio: 0.5 });
    context.append(user('q'), message('assistant', [wholeCall('x')], 30));
    context.append(user('r'), assistant('b'), user('s'));
    expect(context.seqs()).toEqual([1, 3, 4, 5]);
    expect(context.explain()[1]).toEqual({ seq: 2, kept: false, reason: 'skipped', tokens: 30 });
  });

  test('leaves the turns of the newest `keep_last` messages alone', () => {
    const context = new TestStore({ ...policy, keepLast: 2 }, { tokens: 150, triggerRatio: 0.9 });
    toolTurn(context);
    toolTurn(context);
    toolTurn(context);
    context.append(user('q'));
    const parts = context.stored().messages.map((each) => each.parts);
    expect(parts).toEqual(['all', [2], 'all', [2], 'all', 'all', 'all']);
  });

  test('takes both halves of a split call when only one is named', () => {
    const context = new TestStore(
      { ...policy, skipKinds: ['tool_result'] },
      { tokens: 100, triggerRatio: 0.5 },
    );
    context.append(user('q'), message('assistant', [{ type: 'tool_use', id: 'x' }, text('hm')], 23));
    context.append(message('tool', [{ type: 'tool_result', tool_use_id: 'x' }]), assistant('a'), user('r'));
    expect(context.seqs()).toEqual([1, 2, 4, 5]);
    expect(context.stored().messages[1]?.parts).toEqual([1]);
  });

  test('drops files by kind or by exact type', () => {
    for (const skipKinds of [['file'], ['image']]) {
      const context = new TestStore({ ...policy, skipKinds }, { tokens: 100, triggerRatio: 0.5 });
      context.append(message('user', [{ type: 'image', source: {} }, file, text('what is it?')], 33));
      context.append(assistant('a cat'), user('thanks'));
      expect(context.stored().messages[0]?.parts).toEqual(skipKinds[0] === 'file' ? [2] : [1, 2]);
    }
  });

  test('moves nothing else, also behind a replacement without a user message', () => {
    const context = new TestStore(policy, { tokens: 100, triggerRatio: 0.8 });
    context.append(system('be kind', 4));
    context.compact([system('be brief', 4)], 0);
    context.append(user('a'), message('assistant', [reasoning, text('b')], 60), user('c'));
    expect(context.stored().messages.map(({ seq, parts }) => [seq, parts])).toEqual([
      [null, 'all'],
      [1, 'all'],
      [2, 'all'],
      [3, [1]],
      [4, 'all'],
    ]);
    expect(context.state.liveFrom).toBe(1);
  });

  test('cuts whole turns when skipping alone does not do', () => {
    const context = new TestStore({ ...policy, limit: 4 }, { tokens: 1000, triggerRatio: 0.7 });
    chat(context, 5);
    expect(context.seqs()).toEqual([3, 4, 5]);
  });
});

describe('manual', () => {
  test('never drops, raises needs_compaction, and reads still respect the budget', () => {
    const context = new TestStore({ strategy: 'manual' }, { tokens: 50, triggerRatio: 0.7 });
    chat(context, 10);
    expect(usedTokens(context.state)).toBe(100);
    expect(needsCompaction(context.state, 50, 0.7)).toBe(true);
    expect(context.seqs()).toEqual([7, 8, 9, 10]);
    expect(context.seqs(200)).toHaveLength(10);
  });

  test('a read loads about as much as its budget holds, not the history', () => {
    const context = new TestStore({ strategy: 'manual' }, { tokens: 100, triggerRatio: 0.7 });
    for (let i = 0; i < 2000; i++) context.append(user('q'), assistant('a'));
    context.mostLoaded = 0;
    expect(context.seqs()).toHaveLength(10);
    expect(context.mostLoaded).toBeLessThan(20);
    expect(context.stateBytes.length).toBeLessThan(40);
  });
});

describe('changes of a context', () => {
  test('a new policy waits for the next compaction', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 8 }, roomy);
    chat(context, 8);
    context.policy = { strategy: 'last_n', limit: 4 };
    expect(context.seqs()).toHaveLength(8);
    expect(context.append(user('q'))).toEqual({ fromSeq: 1, toSeq: 6 });
    expect(context.seqs()).toEqual([7, 8, 9]);
  });

  test('a smaller budget holds at the next read, and cuts at the next append', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 200 }, roomy);
    chat(context, 20);
    context.budget = { tokens: 60, triggerRatio: 1 };
    expect(context.seqs()).toEqual([15, 16, 17, 18, 19, 20]);
    expect(context.state.liveFrom).toBe(1);
    context.append(user('q'));
    expect(context.state.liveFrom).toBe(19);
    expect(context.seqs(1000)).toEqual([19, 20, 21]);
  });

  test('a larger budget for one read brings back no more than the window still holds', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 4 }, roomy);
    chat(context, 5);
    expect(context.seqs(1_000_000)).toEqual([3, 4, 5]);
  });
});
