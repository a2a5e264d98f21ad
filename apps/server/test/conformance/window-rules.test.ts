import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestApplication, message, startApplication } from '../application.js';

let app: TestApplication;
beforeAll(async () => {
  app = await startApplication({ FASTPACA_TOKEN_ESTIMATOR: 'chars:4' });
});
afterAll(() => app.close());

interface Part {
  readonly type: string;
  readonly [key: string]: unknown;
}
interface Shown {
  readonly seq: number;
  readonly role: string;
  readonly parts: readonly Part[];
}

const says = (role: string, text: string, tokens = 10) => ({ ...message(text), role, token_count: tokens });
const calls = (id: string, tokens = 10) => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', tool_call_id: id, name: 'look', input: {} }],
  token_count: tokens,
});
const answers = (id: string, tokens = 10) => ({
  role: 'tool',
  parts: [{ type: 'tool_result', tool_call_id: id, output: 'seen' }],
  token_count: tokens,
});

async function append(id: string, ...messages: readonly unknown[]): Promise<number> {
  const { status, body } = await app.post(`/v1/contexts/${id}/messages`, { messages });
  expect(status).toBe(201);
  return body.version as number;
}

async function windowOf(id: string, query = ''): Promise<{ version: number; messages: Shown[] } & Shown> {
  const { status, body } = await app.get(`/v1/contexts/${id}/context${query}`);
  expect(status).toBe(200);
  return body;
}
const seqs = ({ messages }: { readonly messages: readonly Shown[] }) => messages.map(({ seq }) => seq);

describe('Window rules (all strategies)', () => {
  test.each(['last_n', 'skip_parts', 'manual'])(
    'Cuts fall only between whole units (a tool call with its results): %s',
    async (strategy) => {
      const id = `units-${strategy}`;
      await app.put(`/v1/contexts/${id}`, { token_budget: 1000, policy: { strategy, config: {} } });
      for (let turn = 0; turn < 10; turn++) {
        await append(
          id,
          says('user', 'go'),
          calls(`c${turn}`),
          answers(`c${turn}`),
          says('assistant', 'done'),
        );
      }
      for (let budget = 40; budget < 400; budget += 10) {
        const { messages } = await windowOf(id, `?budget_tokens=${budget}`);
        const open = new Set<unknown>();
        for (const { parts } of messages) {
          for (const part of parts) {
            if (part.type === 'tool_call') open.add(part['tool_call_id']);
            if (part.type === 'tool_result') expect(open.delete(part['tool_call_id'])).toBe(true);
          }
        }
        expect([...open]).toEqual([]);
      }
    },
  );

  test.each(['last_n', 'skip_parts', 'manual'])(
    'Cuts start at a user message, and keep leading system messages pinned: %s',
    async (strategy) => {
      const id = `starts-${strategy}`;
      await app.put(`/v1/contexts/${id}`, { token_budget: 200, policy: { strategy, config: {} } });
      await append(id, says('system', 'You help.'), says('assistant', 'Welcome'));
      for (let turn = 0; turn < 20; turn++) {
        await append(id, says('user', 'q'), says('assistant', 'a'), says('assistant', 'and b'));
        for (const budget of [50, 75, 200]) {
          const { messages } = await windowOf(id, `?budget_tokens=${budget}`);
          expect(messages.slice(0, 2).map(({ role }) => role)).toEqual(['system', 'user']);
        }
      }
    },
  );

  test.each(['last_n', 'skip_parts'])(
    'Cuts stay where they are until the budget forces a new cut: %s',
    async (strategy) => {
      const id = `stays-${strategy}`;
      await app.put(`/v1/contexts/${id}`, { token_budget: 300, policy: { strategy, config: {} } });
      let before: { version: number; seqs: number[] } = { version: 0, seqs: [] };
      let cuts = 0;
      let grew = 0;
      for (let turn = 0; turn < 40; turn++) {
        const version = await append(id, says('user', 'q'), says('assistant', 'a'));
        const now = { version, seqs: seqs(await windowOf(id)) };
        if (version === before.version + 1) {
          expect(now.seqs.slice(0, before.seqs.length)).toEqual(before.seqs);
          grew += 1;
        } else {
          expect(version).toBe(before.version + 2);
          cuts += 1;
        }
        before = now;
      }
      expect(cuts).toBeGreaterThan(0);
      expect(grew).toBeGreaterThan(3 * cuts);
    },
  );
});

describe('skip_parts', () => {
  const thought: Part = { type: 'reasoning', text: 'hm' };
  const tool = (state: string, id = 'c'): Part => ({
    type: 'tool-look',
    toolCallId: id,
    state,
    input: {},
    output: {},
  });
  const text: Part = { type: 'text', text: 'fine' };
  const said = (...parts: Part[]) => ({ role: 'assistant', parts, token_count: 20 * parts.length });

  test('drops parts, default kinds tools and reasoning; a message left empty goes', async () => {
    await app.put('/v1/contexts/skip-1', {
      token_budget: 200,
      policy: { strategy: 'skip_parts', config: {} },
    });
    await append('skip-1', says('user', 'one'), said(thought, tool('output-available'), text));
    await append('skip-1', says('user', 'two'), said(thought, tool('output-available')), said(text));
    await append('skip-1', says('user', 'three'), said(text));
    const { messages } = await windowOf('skip-1');
    expect(messages.map(({ seq, parts }) => [seq, parts.map(({ type }) => type)])).toEqual([
      [1, ['text']],
      [2, ['text']],
      [3, ['text']],
      [5, ['text']],
      [6, ['text']],
      [7, ['text']],
    ]);
    expect((await app.get('/v1/contexts/skip-1/tail')).body.messages).toHaveLength(7);
  });

  test('never inside the unfinished turn', async () => {
    // Over the trigger of 119 by what the parts of message 2 have, and well below it without them.
    await app.put('/v1/contexts/skip-2', {
      token_budget: 170,
      policy: { strategy: 'skip_parts', config: {} },
    });
    await append('skip-2', says('user', 'one'), said(thought, tool('output-available'), text));
    await append(
      'skip-2',
      says('user', 'two'),
      said(thought, tool('output-available'), tool('input-available', 'd')),
    );
    const { messages } = await windowOf('skip-2');
    expect(messages.at(-1)?.parts.map(({ type }) => type)).toEqual(['reasoning', 'tool-look', 'tool-look']);
    expect(messages.find(({ seq }) => seq === 2)?.parts).toEqual([text]);
  });

  test('config {skip_kinds?: string[], limit?, keep_last?}', async () => {
    const config = { skip_kinds: ['reasoning'], keep_last: 3 };
    // 210 tokens are over the trigger of 203; without reasoning they are below nine tenths of it.
    await app.put('/v1/contexts/skip-3', { token_budget: 290, policy: { strategy: 'skip_parts', config } });
    await append('skip-3', says('user', 'one'), said(thought, tool('output-available'), text));
    await append('skip-3', says('user', 'two'), said(thought, text));
    await append('skip-3', says('user', 'three'), said(text), says('assistant', 'more', 60));
    const { messages } = await windowOf('skip-3');
    const types = (seq: number) => messages.find((each) => each.seq === seq)?.parts.map(({ type }) => type);
    expect(types(2)).toEqual(['tool-look', 'text']);
    expect(types(4)).toEqual(['text']);
    expect(seqs({ messages })).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const limited = { strategy: 'skip_parts', config: { limit: 2 } };
    await app.put('/v1/contexts/skip-4', { policy: limited });
    for (let turn = 0; turn < 4; turn++) await append('skip-4', says('user', 'q'), said(text));
    expect(seqs(await windowOf('skip-4'))).toEqual([7, 8]);
  });
});

describe('last_n and manual', () => {
  test('last_n config {limit}', async () => {
    const policy = { strategy: 'last_n', config: { limit: 4 } };
    await app.put('/v1/contexts/last-1', { policy });
    for (let turn = 0; turn < 10; turn++) {
      await append('last-1', says('user', 'q'), says('assistant', 'a'));
      const shown = seqs(await windowOf('last-1'));
      expect(shown.length).toBeLessThanOrEqual(4);
      expect(shown.at(-1)).toBe(2 * turn + 2);
    }
  });

  test('manual never drops; it only raises needs_compaction, and reads still respect the budget', async () => {
    await app.put('/v1/contexts/manual-1', { token_budget: 100, policy: { strategy: 'manual', config: {} } });
    let version = 0;
    for (let turn = 0; turn < 20; turn++)
      version = await append('manual-1', says('user', 'q'), says('assistant', 'a'));
    expect(version).toBe(20);
    const { body } = await app.get('/v1/contexts/manual-1/context');
    expect(body.needs_compaction).toBe(true);
    expect(body.used_tokens).toBeLessThanOrEqual(100);
    const whole = await app.get('/v1/contexts/manual-1/context?budget_tokens=1000000');
    expect(whole.body.messages).toHaveLength(40);
  });
});
