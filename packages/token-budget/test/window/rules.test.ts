import { describe, expect, test } from '@jest/globals';
import type { WindowPolicy } from '../../src/index.js';
import {
  assistant,
  file,
  message,
  reasoning,
  system,
  text,
  toolResult,
  toolUse,
  user,
  wholeCall,
} from './conversation.js';
import { TestStore } from './store.js';

const manual: WindowPolicy = { strategy: 'manual' };
const roomy = { tokens: 1000, triggerRatio: 1 };

function store(policy: WindowPolicy = manual, budget = roomy): TestStore {
  return new TestStore(policy, budget);
}

/** What one read shows of a message: its part indexes, `'all'`, or nothing. */
function partsOf(context: TestStore, seq: number): 'all' | readonly number[] | undefined {
  return context.stored().messages.find((each) => each.seq === seq)?.parts;
}

describe('rules 1 to 3, 15: a tool call and its result', () => {
  test('stay together when a budget has room for only one of them', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x')]), message('tool', [toolResult('x')]));
    context.append(user('b'), assistant('fine'));
    expect(context.seqs(39)).toEqual([4, 5]);
    expect(context.seqs(50)).toEqual([1, 2, 3, 4, 5]);
  });

  test('stay together in parallel calls, with words between', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x'), toolUse('y')]));
    context.append(message('tool', [toolResult('y')]), assistant('waiting'));
    context.append(message('tool', [toolResult('x')]), user('b'));
    expect(context.seqs()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('go together when one of several parallel calls is never answered', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x'), toolUse('y')]));
    context.append(message('tool', [toolResult('y')]), assistant('I do not know'), user('b'));
    expect(context.seqs()).toEqual([1, 4, 5]);
  });

  test('pair by any of the ids that clients use', () => {
    const context = store();
    context.append(user('a'));
    context.append(message('assistant', [{ type: 'function_call', id: 'fc_1', call_id: 'x' }]));
    context.append(message('assistant', [{ type: 'function_call_output', call_id: 'x' }]));
    context.append(message('assistant', [{ type: 'tool-call', toolCallId: 'y' }]));
    context.append(message('tool', [{ type: 'tool-result', toolCallId: 'y' }]));
    context.append(message('assistant', [{ type: 'tool_call', id: 'z' }]));
    context.append(message('tool', [{ type: 'text', text: '42', tool_call_id: 'z' }]), user('b'));
    expect(context.seqs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('a result that nothing called is not shown', () => {
    const context = store();
    context.append(user('a'), message('tool', [toolResult('x')]), assistant('b'));
    expect(context.seqs()).toEqual([1, 3]);
    expect(context.explain()[1]).toMatchObject({ kept: false, reason: 'orphaned_result' });
  });

  test('a second result for one call is not shown', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x')]));
    context.append(message('tool', [toolResult('x')]), message('tool', [toolResult('x')]));
    expect(context.seqs()).toEqual([1, 2, 3]);
  });
});

describe('rule 4: a reasoning item stays with the item that it precedes', () => {
  test('it goes with the call that was never answered', () => {
    const context = store();
    context.append(user('a'), message('assistant', [reasoning]), message('assistant', [toolUse('x')]));
    context.append(assistant('sorry'), user('b'));
    expect(context.seqs()).toEqual([1, 4, 5]);
  });

  test('it goes with the tool part that a skip drops, and stays before text', () => {
    const context = store(
      { strategy: 'skip_parts', skipKinds: ['tool'], limit: null, keepLast: 0 },
      { tokens: 210, triggerRatio: 0.5 },
    );
    const parts = [reasoning, { type: 'step-start' }, wholeCall('x'), reasoning, text('so')];
    context.append(user('a'), message('assistant', parts, 78));
    context.append(user('b', 20));
    expect(partsOf(context, 2)).toEqual([1, 3, 4]);
  });
});

describe('rules 5 and 6: results in a user message, as Anthropic has them', () => {
  test('such a message opens no turn', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x')]));
    context.append(message('user', [toolResult('x'), text('and hurry')]), assistant('b'));
    expect(context.state.turn?.seq).toBe(1);
    expect(context.read(39)).toEqual({ kind: 'unsatisfiable', minimumTokens: 40 });
  });

  test('words in it end the wait for the other results', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x'), toolUse('y')]));
    context.append(message('user', [toolResult('x'), text('never mind the other')]));
    context.append(message('user', [toolResult('y')]), assistant('fine'));
    expect(context.seqs()).toEqual([1, 5]);
  });
});

describe('rule 7: the first message that is not a system message is a user message', () => {
  test('a greeting before the first user message is not shown', () => {
    const context = store();
    context.append(system('be kind'), assistant('Welcome!'), user('hi'));
    expect(context.seqs()).toEqual([1, 3]);
    expect(context.explain()[1]?.reason).toBe('before_first_user');
  });

  test('a pinned answer keeps the question that it answers', () => {
    const context = store({ strategy: 'last_n', limit: 2 });
    context.append(user('a'), message('assistant', [text('keep this')], 10, true));
    context.append(user('b'), assistant('c'), user('d'), assistant('e'));
    expect(context.seqs()).toEqual([1, 2, 5, 6]);
  });

  test('a first user message that a skip empties takes along what answered it', () => {
    const context = store(
      { strategy: 'skip_parts', skipKinds: ['file'], limit: null, keepLast: 0 },
      { tokens: 100, triggerRatio: 0.7 },
    );
    context.append(message('user', [file], 40), assistant('a cat'));
    context.append(user('b'), assistant('c'), user('d'));
    expect(context.seqs()).toEqual([3, 4, 5]);
  });
});

describe('rule 9: no empty text, no empty message', () => {
  test('a message of white space is stored and not shown', () => {
    const context = store();
    context.append(user('a'), message('assistant', [text('  ')]), message('user', [text('')]));
    expect(context.seqs()).toEqual([1]);
    expect(context.state.liveTokens).toBe(10);
  });

  test('a blank text beside other parts is left out, with its tokens', () => {
    const context = store();
    context.append(user('a'), message('assistant', [text('\n'), text('b')], 11));
    expect(partsOf(context, 2)).toEqual([1]);
    expect(context.state.liveTokens).toBe(10 + 7);
  });

  test('an empty text that carries a signature is shown', () => {
    const context = store();
    const signed = { type: 'text', text: '', providerMetadata: { google: { thoughtSignature: 's' } } };
    context.append(user('a'), message('assistant', [signed]));
    expect(partsOf(context, 2)).toBe('all');
  });
});

describe('rules 10 and 16: reasoning and signatures in the unfinished turn', () => {
  test('are not touched by a skip, whatever the budget', () => {
    const context = store(
      { strategy: 'skip_parts', skipKinds: ['tool', 'reasoning'], limit: 1, keepLast: 0 },
      { tokens: 60, triggerRatio: 0.5 },
    );
    context.append(user('a'), message('assistant', [reasoning, toolUse('x')]));
    context.append(message('tool', [toolResult('x')]), message('assistant', [reasoning, text('b')]));
    expect(context.seqs()).toEqual([1, 2, 3, 4]);
    expect(context.stored().messages.every(({ parts }) => parts === 'all')).toBe(true);
  });
});

describe('rule 18: an unanswered call that something follows', () => {
  test('stays in the open last turn, and goes with the next user message, which is a compaction', () => {
    const context = store();
    context.append(user('a'));
    expect(context.append(message('assistant', [toolUse('x')]))).toBeNull();
    expect(context.seqs()).toEqual([1, 2]);
    expect(context.append(user('b'))).toEqual({ fromSeq: 2, toSeq: 2 });
    expect(context.seqs()).toEqual([1, 3]);
    expect(context.explain()[1]?.reason).toBe('dangling_call');
    expect(context.version).toBe(4);
  });

  test('goes with a system message too', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x')]));
    context.append(system('the tool is down'), message('tool', [toolResult('x')]));
    expect(context.seqs()).toEqual([1, 3]);
  });

  test('is no compaction when call and user message came in one append: no window ever had it', () => {
    const context = store();
    expect(context.append(user('a'), message('assistant', [toolUse('x')]), user('b'))).toBeNull();
    expect(context.seqs()).toEqual([1, 3]);
  });

  test('takes only its part out of an AI SDK message, and the message if that was all', () => {
    const context = store();
    context.append(user('a'));
    context.append(message('assistant', [text('let me see'), wholeCall('x', 'input-available')]));
    context.append(message('assistant', [{ type: 'step-start' }, wholeCall('y', 'input-streaming')]));
    expect(context.seqs()).toEqual([1, 2, 3]);
    expect(context.append(user('b'))).toEqual({ fromSeq: 2, toSeq: 3 });
    expect(context.seqs()).toEqual([1, 2, 4]);
    expect(partsOf(context, 2)).toEqual([0]);
  });

  test('leaves the answers that came after it', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('lost')]));
    context.append(message('assistant', [toolUse('x')]), message('tool', [toolResult('x')]));
    context.append(assistant('done'), user('b'));
    expect(context.seqs()).toEqual([1, 3, 4, 5, 6]);
  });

  test('is whole again when its result comes before the next user message', () => {
    const context = store();
    context.append(user('a'), message('assistant', [toolUse('x')]), assistant('wait'));
    context.append(message('tool', [toolResult('x')]));
    expect(context.append(user('b'))).toBeNull();
    expect(context.seqs()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('calls in a user or system message', () => {
  test('are not shown: nobody makes them, nobody answers them', () => {
    const context = store();
    context.append(
      message('user', [text('a'), wholeCall('x', 'input-available'), toolUse('y')]),
      message('system', [text('b'), toolUse('z')]),
      user('c'),
    );
    expect(partsOf(context, 1)).toEqual([0]);
    expect(partsOf(context, 2)).toEqual([0]);
    expect(context.seqs(1000)).toEqual([1, 2, 3]);
  });

  test('alone open no turn', () => {
    const context = store();
    context.append(message('user', [toolUse('x')]), user('a'), assistant('fine'));
    expect(context.seqs(1000)).toEqual([2, 3]);
  });

  test('are counted right where a pin takes the user message along', () => {
    const context = store();
    const pinned = message('user', [toolUse('x'), toolResult('x')], 10, true);
    context.append(message('user', [wholeCall('x', 'input-available')]), pinned);
    context.append(user('a'));
    context.append(user('b'));
    context.append(message('user', [toolUse('x')]));
    expect(context.state.liveTokens + context.state.pinnedTokens).toBe(context.stored().usedTokens);
    expect(context.seqs(1000)).toEqual([3, 4]);
  });
});

describe('pinned messages', () => {
  test('leading system messages stay, and are counted', () => {
    const context = store({ strategy: 'last_n', limit: 2 });
    context.append(system('one', 20), message('developer', [text('two')], 20));
    context.append(user('a'), assistant('b'), user('c'), assistant('d'));
    expect(context.seqs()).toEqual([1, 2, 5, 6]);
    expect(context.read(59)).toEqual({ kind: 'unsatisfiable', minimumTokens: 60 });
  });

  test('a pin holds the whole unit', () => {
    const context = store({ strategy: 'last_n', limit: 2 });
    context.append(user('a'), message('assistant', [toolUse('x')]));
    context.append(message('tool', [{ ...toolResult('x'), metadata: { pinned: true } }]));
    context.append(user('b'), assistant('c'), user('d'), assistant('e'));
    expect(context.seqs()).toEqual([1, 2, 3, 6, 7]);
    expect(context.read()).toMatchObject({
      segments: [
        { type: 'pinned', fromSeq: 1, toSeq: 3, tokens: 30 },
        { type: 'live', fromSeq: 6, toSeq: 7, tokens: 20 },
      ],
    });
  });
});
