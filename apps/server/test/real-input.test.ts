import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { validateUIMessages, type UIMessage } from 'ai';
import { conversations } from './fixtures/index.js';
import {
  invariantViolations,
  isOpenCall,
  isPinned,
  lastUserIndex,
  passThroughAiSdk,
  type WindowAnswer,
} from './real-input-window.js';
import { startServer, type RunningServer } from './server-process.js';

type Part = UIMessage['parts'][number];

interface Policy {
  readonly strategy: 'last_n' | 'skip_parts' | 'manual';
  readonly config: object;
}

const budgets = [1_000, 8_000, 128_000];
const policies: readonly Policy[] = [
  { strategy: 'last_n', config: { limit: 1 } },
  { strategy: 'last_n', config: { limit: 12 } },
  { strategy: 'last_n', config: { limit: 60 } },
  { strategy: 'last_n', config: { limit: 1_000 } },
  { strategy: 'skip_parts', config: {} },
  { strategy: 'skip_parts', config: { skip_kinds: ['tool'], limit: 50 } },
  { strategy: 'skip_parts', config: { skip_kinds: ['reasoning', 'file', 'source', 'data'], keep_last: 6 } },
  { strategy: 'manual', config: {} },
];

/** By which each conversation is watched message by message; over all histories a property of token-budget's holds this. */
const steady: ReadonlyMap<string, Policy> = new Map([
  ['coding assistant', { strategy: 'skip_parts', config: {} }],
  ['customer support', { strategy: 'last_n', config: { limit: 1_000 } }],
  ['research agent', { strategy: 'last_n', config: { limit: 40 } }],
]);

/** How the windows under test were answered: an answer that always refuses would break no rule. */
const answers = { accepted: 0, refused: 0 };
let server: RunningServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

async function call(method: string, path: string, body?: object, headers?: Record<string, string>) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

async function createContext(id: string, tokenBudget: number, policy: Policy): Promise<void> {
  const { status, text } = await call('PUT', `/v1/contexts/${id}`, { token_budget: tokenBudget, policy });
  expect({ status, text }).toMatchObject({ status: 201 });
}

/** Appends one message by itself or several as a batch; returns the version. */
async function append(id: string, messages: readonly UIMessage[]): Promise<number> {
  const [first, ...others] = messages;
  const body = others.length === 0 ? { message: first } : { messages };
  const { status, text } = await call('POST', `/v1/contexts/${id}/messages`, body);
  if (status !== 201) throw new Error(`append answered ${String(status)}: ${text}`);
  return (JSON.parse(text) as { version: number }).version;
}

async function readWindow(
  id: string,
  query = '',
): Promise<{ status: number; text: string; window: WindowAnswer }> {
  const { status, text } = await call('GET', `/v1/contexts/${id}/context${query}`);
  return { status, text, window: JSON.parse(text) as WindowAnswer };
}

/** The kinds that `skip_parts` drops, as the documentation of `skip_kinds` describes them. */
function droppedBy(policy: Policy): (part: Part) => boolean {
  if (policy.strategy !== 'skip_parts') return () => false;
  const { skip_kinds: kinds = ['tool', 'reasoning'] } = policy.config as { skip_kinds?: string[] };
  const patterns: Record<string, RegExp> = {
    tool: /^(tool-.*|dynamic-tool)$/,
    reasoning: /^reasoning/,
    file: /^file$/,
    source: /^source-/,
    data: /^data-/,
  };
  // A step-start only separates: it may go with the parts around it. Reasoning goes with the call that
  // it led to (rule 4 of the window rules).
  const companions = kinds.includes('tool') ? /^(step-start|reasoning)$/ : /^step-start$/;
  return ({ type }) =>
    companions.test(type) || kinds.some((kind) => patterns[kind]?.test(type) ?? type === kind);
}

/**
 * Appends `messages` in uneven portions, other ones for each `salt`, and calls `check` after each, with
 * how many are there.
 */
async function inPortions(
  id: string,
  messages: readonly UIMessage[],
  portions: number,
  salt: number,
  check: (count: number) => Promise<void>,
): Promise<void> {
  let done = 0;
  for (let portion = 1; portion <= portions; portion += 1) {
    const until =
      portion === portions
        ? messages.length
        : Math.floor((messages.length * portion) / portions) - ((portion + salt) % 5);
    const slice = messages.slice(done, until);
    // The last message of a portion comes by itself, as in a conversation that goes on.
    if (slice.length > 1) await append(id, slice.slice(0, -1));
    await append(id, slice.slice(-1));
    done = until;
    await check(done);
  }
}

describe.each(conversations)('$name', ({ name, messages }) => {
  const slug = name.replaceAll(' ', '-');

  test('is valid input for the AI SDK itself, with 40 to 400 messages', async () => {
    await expect(validateUIMessages({ messages: [...messages] })).resolves.toHaveLength(messages.length);
    expect(messages.length).toBeGreaterThanOrEqual(40);
    expect(messages.length).toBeLessThanOrEqual(400);
  });

  test('comes back exactly as it was sent, page by page and as NDJSON', async () => {
    const id = `exact-${slug}`;
    await createContext(id, 128_000, { strategy: 'manual', config: {} });
    for (let from = 0; from < messages.length; from += 37) await append(id, messages.slice(from, from + 37));

    const paged: unknown[] = [];
    let cursor: string | number | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { text } = await call('GET', `/v1/contexts/${id}/messages?limit=50${query}`);
      const page = JSON.parse(text) as { messages: unknown[]; next_cursor: string | number | null };
      paged.push(...page.messages);
      cursor = page.next_cursor;
    } while (cursor !== null);
    const asSent = messages.map((message, index) => ({ seq: index + 1, metadata: {}, ...message }));
    expect(paged).toMatchObject(asSent);
    expect(paged).toHaveLength(messages.length);

    const { text } = await call('GET', `/v1/contexts/${id}/messages`, undefined, {
      accept: 'application/x-ndjson',
    });
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(paged);
    // Byte for byte: not only the same value.
    for (const [index, message] of messages.entries()) {
      expect(lines[index]).toContain(`"parts":${JSON.stringify(message.parts)}`);
    }
  });

  describe.each(policies)('under $strategy $config', (policy) => {
    test.each(budgets)(
      'every window of %d tokens is accepted by the AI SDK and keeps the rules',
      async (budget) => {
        const id = `${slug}-${String(policies.indexOf(policy))}-${String(budget)}`;
        await createContext(id, budget, policy);
        await inPortions(
          id,
          messages,
          3,
          policies.indexOf(policy) + budgets.indexOf(budget),
          async (count) => {
            await checkWindow(id, budget, policy, messages.slice(0, count));
          },
        );
      },
    );
  });

  test('keeps its prefix byte for byte between two cuts', async () => {
    const id = `prefix-${slug}`;
    const budget = 16_000;
    const policy = steady.get(name);
    if (policy === undefined) throw new Error(`No policy is chosen for ${name}.`);
    await createContext(id, budget, policy);
    let before: { version: number; messages: string[] } | undefined;
    let cuts = 0;
    for (const [index, message] of messages.entries()) {
      await append(id, [message]);
      const { status, window, text } = await readWindow(id);
      if (status === 422) {
        before = undefined;
        continue;
      }
      expect(text).toContain(JSON.stringify(window.messages));
      // One append moves the version by one; what goes beyond that are cuts.
      const cut = before !== undefined && window.version > before.version + 1;
      if (cut) cuts += 1;
      else if (before !== undefined) {
        const history = messages.slice(0, index);
        const stable = stableMessages(before.messages, history, message.role === 'user');
        expect(window.messages.map((each) => JSON.stringify(each)).slice(0, stable.length)).toEqual(stable);
      }
      before = { version: window.version, messages: window.messages.map((each) => JSON.stringify(each)) };
    }
    expect(cuts).toBeGreaterThan(0);
    expect(cuts).toBeLessThanOrEqual(messages.length / 6);
  });
});

test('a window is refused only where the newest turn alone is over the budget', () => {
  expect(answers.refused).toBeGreaterThan(0);
  expect(answers.accepted).toBeGreaterThan(answers.refused * 4);
});

/** A user message ends the turn: calls in it that are still open go, so their messages may change. */
function stableMessages(before: string[], history: readonly UIMessage[], endsTurn: boolean): string[] {
  if (!endsTurn) return before;
  const firstOpen = before.findIndex((text) => (JSON.parse(text) as UIMessage).parts.some(isOpenCall));
  const inOpenTurn = history.slice(lastUserIndex(history)).some(({ parts }) => parts.some(isOpenCall));
  return inOpenTurn && firstOpen !== -1 ? before.slice(0, firstOpen) : before;
}

async function checkWindow(
  id: string,
  budget: number,
  policy: Policy,
  history: readonly UIMessage[],
): Promise<void> {
  const { status, text, window } = await readWindow(id);
  if (status === 422) {
    answers.refused += 1;
    return checkUnsatisfiable(id, text, budget);
  }
  answers.accepted += 1;
  expect({ status, text: status === 200 ? '' : text }).toEqual({ status: 200, text: '' });
  expect(window.used_tokens).toBeLessThanOrEqual(budget);
  expect(window.messages.at(-1)?.seq).toBe(history.length);
  const seen = { history: history.length, window: window.messages.map(({ seq }) => seq) };
  expect({ ...seen, violations: invariantViolations(window, history, droppedBy(policy)) }).toEqual({
    ...seen,
    violations: [],
  });
  checkLimit(policy, window, history);
  const modelMessages = await passThroughAiSdk(window.messages);
  expect(modelMessages.find(({ role }) => role !== 'system')?.role).toBe('user');
}

/** `limit` bounds the live messages, but the newest turn is never split for it. */
function checkLimit({ strategy, config }: Policy, window: WindowAnswer, history: readonly UIMessage[]): void {
  const { limit } = config as { limit?: number };
  if (strategy !== 'last_n' || limit === undefined) return;
  const live = window.messages.filter((message) => message.role !== 'system' && !isPinned(message));
  expect(live.length).toBeLessThanOrEqual(Math.max(limit, history.length - lastUserIndex(history)));
}

/** A 422 names what would be enough, and a read with that much succeeds. */
async function checkUnsatisfiable(id: string, text: string, budget: number): Promise<void> {
  const error = JSON.parse(text) as { error: string; message: string; minimum_tokens: number };
  expect(error).toEqual({
    error: 'budget_unsatisfiable',
    message: expect.any(String),
    minimum_tokens: expect.any(Number),
  });
  expect(error.minimum_tokens).toBeGreaterThan(budget);
  const { status, window } = await readWindow(id, `?budget_tokens=${String(error.minimum_tokens)}`);
  expect(status).toBe(200);
  expect(window.used_tokens).toBeLessThanOrEqual(error.minimum_tokens);
  await passThroughAiSdk(window.messages);
}
