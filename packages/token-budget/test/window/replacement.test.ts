import { describe, expect, test } from '@jest/globals';
import { checkReplacement, usedTokens } from '../../src/index.js';
import type { WindowPolicy } from '../../src/index.js';
import {
  assistant,
  message,
  outlineOf,
  reasoning,
  system,
  text,
  toolResult,
  toolUse,
  user,
  wholeCall,
} from './conversation.js';
import type { TestMessage } from './conversation.js';
import { TestStore } from './store.js';

const manual: WindowPolicy = { strategy: 'manual' };
const roomy = { tokens: 1000, triggerRatio: 0.7 };

function chatStore(messages: number, policy = manual, budget = roomy): TestStore {
  const context = new TestStore(policy, budget);
  for (let i = 0; i < messages; i++) context.append(i % 2 === 0 ? user('q') : assistant('a'));
  return context;
}

describe('a replacement', () => {
  test('replaces the window in full, pins and all', () => {
    const context = new TestStore(manual, roomy);
    context.append(system('be kind'), user('a'), message('assistant', [text('b')], 10, true));
    context.compact([user('summary', 20)]);
    expect(context.seqs()).toEqual([null]);
    expect(context.read()).toMatchObject({
      usedTokens: 20,
      segments: [{ type: 'summary', fromSeq: 1, toSeq: 3, tokens: 20 }],
    });
    expect(context.explain().map(({ reason }) => reason)).toEqual([
      'summary',
      'replaced',
      'replaced',
      'replaced',
    ]);
  });

  test('stands for messages up to `up_to_seq`; later ones stay live', () => {
    const context = chatStore(6);
    context.compact([user('summary', 20)], 4);
    expect(context.seqs()).toEqual([null, 5, 6]);
    expect(usedTokens(context.state)).toBe(40);
    context.append(user('q'));
    expect(context.read()).toMatchObject({
      segments: [
        { type: 'summary', fromSeq: 1, toSeq: 4, tokens: 20 },
        { type: 'live', fromSeq: 5, toSeq: 7, tokens: 30 },
      ],
    });
  });

  test('keeps its last turn, also over the budget, as long as something pinned follows in it', () => {
    const context = new TestStore({ strategy: 'last_n', limit: 200 }, { tokens: 100, triggerRatio: 0.5 });
    context.compact([user('summary', 20), assistant('of much', 20), user('and of more', 20)]);
    context.append(message('assistant', [text('remember this')], 10, true));
    expect(context.seqs(30)).toEqual([null, 1]);
    expect(context.read(29)).toEqual({ kind: 'unsatisfiable', minimumTokens: 30 });
    for (let i = 0; i < 6; i++) context.append(user('q', 20), assistant('a', 20));
    expect(
      context.stored().messages.map(({ seq, replacementIndex }) => seq ?? `summary ${replacementIndex}`),
    ).toEqual(['summary 2', 1, 12, 13]);
    expect(context.state.replacement).toMatchObject({ isPinned: true, bodyTokens: 0, lastTurnTokens: 20 });
    expect(context.seqs(70)).toEqual([null, 1, 12, 13]);
  });

  test('does not tear a unit that `up_to_seq` falls into', () => {
    const context = new TestStore(manual, roomy);
    context.append(user('a'), message('assistant', [toolUse('x')]), message('tool', [toolResult('x')]));
    context.append(assistant('b'));
    context.compact([user('summary')], 2);
    expect(context.seqs()).toEqual([null, 2, 3, 4]);
    context.compact([user('summary')], 3);
    expect(context.seqs()).toEqual([null, 4]);
  });

  test('does not orphan a result that is still to come', () => {
    const context = new TestStore(manual, roomy);
    context.append(user('a'), assistant('b'), message('assistant', [toolUse('x')]));
    context.compact([user('summary')], 3);
    context.append(message('tool', [toolResult('x')]));
    expect(context.seqs()).toEqual([null, 3, 4]);
  });

  test('without a user message, is followed by whole turns', () => {
    const context = chatStore(6);
    context.compact([system('summary')], 5);
    expect(context.seqs()).toEqual([null, 5, 6]);
    context.compact([system('summary')]);
    context.append(assistant('late'), user('q'));
    expect(context.seqs()).toEqual([null, 8]);
  });

  test('outlives the live messages after it', () => {
    const context = chatStore(4, { strategy: 'last_n', limit: 4 });
    context.compact([user('summary', 20), assistant('I see', 10)]);
    for (let i = 0; i < 10; i++) context.append(i % 2 === 0 ? user('q') : assistant('a'));
    expect(context.seqs()).toEqual([null, null, 11, 12, 13, 14]);
    context.append(user('q'));
    expect(context.seqs()).toEqual([null, null, 13, 14, 15]);
  });

  test('that leaves no room loses its oldest turns, not its instructions', () => {
    const context = chatStore(2, { strategy: 'last_n', limit: 200 }, { tokens: 100, triggerRatio: 0.8 });
    context.compact([system('be kind', 10), user('one', 40), user('two', 20), user('three', 10)]);
    expect(context.seqs()).toEqual([null, null, null, null]);
    expect(context.append(user('q', 30))).toEqual({ fromSeq: 1, toSeq: 2 });
    expect(context.stored().messages.map(({ replacementIndex }) => replacementIndex)).toEqual([0, 2, 3, -1]);
  });

  test('is read by turns when a smaller budget does not hold all of it', () => {
    const context = chatStore(2);
    context.compact([system('be kind'), user('one', 40), assistant('1'), user('two'), assistant('2')]);
    expect(context.seqs(79)).toHaveLength(3);
    expect(context.read(29)).toEqual({ kind: 'unsatisfiable', minimumTokens: 30 });
  });
});

describe('checkReplacement', () => {
  const check = (...messages: TestMessage[]): string | undefined =>
    checkReplacement(messages.map(outlineOf))?.reason;

  test('takes what a provider takes', () => {
    expect(check(system('be kind'), user('summary'), assistant('I see'))).toBeUndefined();
    expect(check(system('summary'))).toBeUndefined();
    expect(check(user('a'), message('assistant', [reasoning, wholeCall('x')]))).toBeUndefined();
    expect(
      check(user('a'), message('assistant', [toolUse('x')]), message('user', [toolResult('x')]), user('b')),
    ).toBeUndefined();
  });

  test('refuses one whose first message is not a user message', () => {
    expect(check(system('be kind'), assistant('summary'))).toBe('first_not_user');
  });

  test('refuses an empty message', () => {
    expect(check(user('a'), message('assistant', [text(' ')]))).toBe('empty_message');
  });

  test('refuses a result without its call, and a call without its result', () => {
    expect(check(user('a'), message('tool', [toolResult('x')]))).toBe('orphaned_result');
    expect(check(user('a'), message('assistant', [toolUse('x')]))).toBe('unanswered_call');
    expect(check(user('a'), message('assistant', [toolUse('x')]), user('b'))).toBe('unanswered_call');
    const waiting = message('assistant', [text('hm'), wholeCall('x', 'input-available')]);
    expect(check(user('a'), waiting)).toBe('unanswered_call');
  });

  test('names the message', () => {
    const fault = checkReplacement(
      [user('a'), assistant('b'), message('tool', [toolResult('x')])].map(outlineOf),
    );
    expect(fault).toMatchObject({ index: 2 });
    expect(fault?.message).toContain('replacement[2]');
  });
});
