import { describe, expect, test } from '@jest/globals';
import {
  appendToWindow,
  decodeWindowState,
  defaultPolicy,
  emptyWindow,
  encodeWindowState,
  maximumOpenCalls,
  maximumPins,
  usedTokens,
} from '../../src/index.js';
import { assistant, itemsOf, message, system, text, toolResult, toolUse, user } from './conversation.js';
import { TestStore } from './store.js';

const roomy = { tokens: 1_000_000, triggerRatio: 1 };

function manual(): TestStore {
  return new TestStore({ strategy: 'manual' }, roomy);
}

describe('the state stays small', () => {
  test('when every message asks to be pinned, the newest stay live', () => {
    const context = manual();
    context.append(user('q'));
    context.append(...Array.from({ length: 900 }, () => message('assistant', [text('a')], 10, true)));
    expect(context.state.pins.length).toBeLessThanOrEqual(maximumPins);
    expect(context.state.pins.length).toBeGreaterThan(maximumPins - 2);
    expect(context.seqs()).toHaveLength(901);
    expect(usedTokens(context.state)).toBe(9010);
  });

  test('when there are more leading system messages than pins', () => {
    const context = manual();
    context.append(...Array.from({ length: 600 }, () => system('be kind')), user('q'));
    expect(context.state.pins.length).toBeLessThanOrEqual(maximumPins);
    expect(context.stored().usedTokens).toBe(usedTokens(context.state));
    expect(context.seqs()).toEqual([...context.state.pins.map(({ fromSeq }) => fromSeq), 601]);
  });

  test('when a turn has more open calls than it may: those beyond are never answered', () => {
    const context = manual();
    const ids = Array.from({ length: maximumOpenCalls + 5 }, (_, index) => `call-${index}`);
    context.append(user('q'), message('assistant', ids.map(toolUse), 5000));
    context.append(message('tool', ids.map(toolResult), 5000), assistant('done'));
    const { groups } = context.state.turn ?? {};
    expect(groups?.flatMap(({ calls }) => calls)).toEqual(['']);
    context.append(user('r'));
    expect(context.seqs()).toEqual([1, 4, 5]);
    expect(usedTokens(context.state)).toBe(30);
  });

  test('when one call stays open while a hundred others come and go', () => {
    const context = manual();
    context.append(user('q'), message('assistant', [toolUse('slow')]));
    for (let i = 0; i < 100; i++) {
      context.append(message('assistant', [toolUse(`x${i}`)]), message('tool', [toolResult(`x${i}`)]));
      context.append(message('assistant', [{ type: 'reasoning', text: 'hm' }]), assistant('and'));
    }
    expect(context.state.turn?.groups).toHaveLength(2);
    expect(context.stateBytes.length).toBeLessThan(80);
    context.append(message('tool', [toolResult('slow')]), user('r'));
    expect(context.seqs()).toHaveLength(404);
  });
});

describe('what a caller may get wrong', () => {
  test('messages that do not continue the log are refused', () => {
    const items = itemsOf([user('a')], 2);
    expect(() => appendToWindow(emptyWindow(), defaultPolicy, roomy, items)).toThrow(/does not follow/);
  });

  test('a state that ends too early, or of a later release, is refused', () => {
    const context = manual();
    context.append(system('s'), user('a'), message('assistant', [toolUse('x')], 10, true));
    context.compact([user('b')], 1);
    const bytes = encodeWindowState(context.state);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeWindowState(bytes.subarray(0, length))).toThrow(RangeError);
    }
    const later = Uint8Array.from(bytes);
    later[0] = 7;
    expect(() => decodeWindowState(later)).toThrow(/version 7/);
    expect(decodeWindowState(Uint8Array.of(1, 2, 3, ...bytes, 4), 3)).toEqual(context.state);
  });

  test('a state of the version before, which did not know what its last turn weighs, is read', () => {
    const replacement = [1, 0, 0, 0, 20, 1, 1, 1];
    expect(decodeWindowState(Uint8Array.of(1, 1, 1, 2, 0, 0, 0, 0, ...replacement))).toMatchObject({
      lastSeq: 1,
      replacement: { count: 1, bodyTokens: 20, lastTurnTokens: 0, isPinned: false, hasUser: true, toSeq: 1 },
    });
  });
});
