import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planSummary, stillBeginsWith } from '../../src/compaction/plan.js';
import { replacementOf } from '../../src/compaction/replacement.js';
import type { WindowMessage } from '../../src/index.js';

interface Fields {
  readonly seq?: number;
  readonly metadata?: Record<string, unknown>;
  readonly parts?: { type: string; [member: string]: unknown }[];
}

function message(role: string, text: string, { seq, metadata, parts }: Fields = {}): WindowMessage {
  return {
    id: seq === undefined ? 'window-1' : `seq-${seq}`,
    role,
    parts: parts ?? [{ type: 'text', text }],
    ...(metadata === undefined ? {} : { metadata }),
    ...(seq === undefined ? {} : { seq }),
    tokenCount: 10,
    insertedAt: '2026-11-24T00:00:00.000Z',
  };
}

const turns = (from: number, count: number): WindowMessage[] =>
  Array.from({ length: count }, (_, turn) => [
    message('user', `q${turn}`, { seq: from + 2 * turn }),
    message('assistant', `a${turn}`, { seq: from + 2 * turn + 1 }),
  ]).flat();

const textOf = ({ parts }: { parts: readonly { type: string }[] }): unknown =>
  (parts[0] as { text?: unknown }).text;

describe('a plan', () => {
  test('leaves the newest turns alone', () => {
    const plan = planSummary(turns(1, 5), 2);
    expect(plan?.upToSeq).toBe(6);
    expect(plan?.summarised.map(textOf)).toEqual(['q0', 'a0', 'q1', 'a1', 'q2', 'a2']);
  });

  test('leaves fewer turns alone where there would be nothing else to summarise', () => {
    expect(planSummary(turns(1, 2), 5)?.summarised.map(textOf)).toEqual(['q0', 'a0']);
    expect(
      planSummary([message('system', 'sum', { metadata: { summary: true } }), ...turns(9, 2)], 2)?.upToSeq,
    ).toBe(10);
  });

  test('is none where the last turn is all there is', () => {
    expect(planSummary(turns(1, 1), 2)).toBeNull();
    expect(planSummary([], 2)).toBeNull();
    expect(
      planSummary([message('system', 'sum', { metadata: { summary: true } }), ...turns(9, 1)], 2),
    ).toBeNull();
    expect(planSummary([message('system', 'rules', { seq: 1 }), ...turns(2, 1)], 1)).toBeNull();
  });

  test('takes an earlier summary in and leaves the system prompt in front', () => {
    const messages = [
      message('system', 'rules'),
      message('system', 'so far', { metadata: { summary: true } }),
      ...turns(11, 3),
    ];
    const plan = planSummary(messages, 1);
    expect(plan?.leading.map(textOf)).toEqual(['rules']);
    expect(plan?.summarised.map(textOf)).toEqual(['so far', 'q0', 'a0', 'q1', 'a1']);
    const replacement = plan === null ? [] : replacementOf(plan, 'more');
    expect(replacement).toEqual([
      { role: 'system', parts: [{ type: 'text', text: 'rules' }], tokenCount: 10 },
      { role: 'system', parts: [{ type: 'text', text: 'more' }], metadata: { summary: true } },
    ]);
  });

  test('keeps what is pinned, with the call or the result that belongs to it', () => {
    const call = { type: 'tool_use', id: 'c1', name: 't', input: {} };
    const answer = { type: 'tool_result', tool_use_id: 'c1', content: 'found' };
    const messages = [
      message('user', 'q', { seq: 1 }),
      message('assistant', '', { seq: 2, parts: [call], metadata: { pinned: true } }),
      message('user', '', { seq: 3, parts: [answer] }),
      message('assistant', 'plain', { seq: 4 }),
      message('user', 'note', {
        seq: 5,
        parts: [{ type: 'text', text: 'note', metadata: { pinned: true } }],
      }),
      ...turns(6, 2),
    ];
    const plan = planSummary(messages, 1);
    expect(plan?.pinned.map(({ seq }) => seq)).toEqual([2, 3, 5]);
    expect(plan?.summarised.map(({ seq }) => seq)).toEqual([1, 4, 6, 7]);
    const replacement = plan === null ? [] : replacementOf(plan, 'the summary');
    // The first message that is not of the system has to be the user's.
    expect(replacement.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'user']);
    expect(replacement.every(({ id }) => id === undefined)).toBe(true);
  });

  test('of messages keeps their own metadata beside the mark', () => {
    const plan = planSummary(turns(1, 3), 1);
    const summary = [
      { id: 's-1', role: 'system', parts: [{ type: 'text', text: 's' }], metadata: { model: 'm' } },
    ];
    expect(plan && replacementOf(plan, summary)).toEqual([
      { ...summary[0], metadata: { model: 'm', summary: true } },
    ]);
  });

  test('divides its prefix without loss, always makes progress, and cuts before a user message', () => {
    const kinds = fc.constantFrom('user', 'assistant', 'system', 'summary', 'pinned');
    fc.assert(
      fc.property(
        fc.array(kinds, { maxLength: 20 }),
        fc.nat(3),
        fc.integer({ min: 1, max: 4 }),
        (list, old, keep) => {
          const messages = list.map((kind, index) => {
            const seq = index < old ? {} : { seq: index + 1 };
            if (kind === 'summary') return message('system', 's', { ...seq, metadata: { summary: true } });
            if (kind === 'pinned') return message('assistant', 'p', { ...seq, metadata: { pinned: true } });
            return message(kind, 't', seq);
          });
          const plan = planSummary(messages, keep);
          if (plan === null) return;
          const { prefix, leading, pinned, summarised, upToSeq } = plan;
          expect(leading.length + pinned.length + summarised.length).toBe(prefix.length);
          expect(messages.slice(0, prefix.length)).toEqual(prefix);
          expect(messages[prefix.length]).toMatchObject({ role: 'user', seq: upToSeq + 1 });
          expect(summarised.some(({ seq }) => seq !== undefined)).toBe(true);
          expect(stillBeginsWith([...messages, ...turns(100, 1)], prefix)).toBe(true);
          expect(stillBeginsWith(messages.slice(1), prefix)).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('a window that begins with another summary does not begin as before', () => {
  const before = [message('system', 'one', { metadata: { summary: true } }), ...turns(5, 2)];
  const after = [message('system', 'two', { metadata: { summary: true } }), ...turns(5, 2)];
  expect(stillBeginsWith(after, before)).toBe(false);
});
