import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createClient, type ClientOptions } from '../src/index.js';
import { outcomeOf, type Failure } from '../src/http/failure.js';
import { backoff, nextDelay, retryAfterMs, retryPolicy } from '../src/http/retry.js';
import { ScriptedNode, error, hangUp, json, silence, type Step } from './scripted-node.js';
import { freePort } from './store-process.js';

const open: ScriptedNode[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.close()));
});

async function node(...steps: readonly Step[]): Promise<ScriptedNode> {
  const started = await ScriptedNode.start(...steps);
  open.push(started);
  return started;
}

const fast = { count: 3, minDelayMs: 2, maxDelayMs: 10 };
const contextOn = (baseUrl: string | string[], options: Partial<ClientOptions> = {}) =>
  createClient({ baseUrl, retries: fast, ...options }).context('c');
const message = { role: 'user', parts: [{ type: 'text', text: 'Hi' }] };
const appended = json(201, { seq: 1, version: 1, token_estimate: 4 });
const windowAnswer = { version: 3, messages: [], used_tokens: 0, needs_compaction: false, segments: [] };

describe('appends', () => {
  test.each([
    ['a broken connection', hangUp],
    ['503 of the store', error(503, 'unavailable')],
    ['504 of the store', error(504, 'outcome_unknown')],
    ['502 of a proxy', (response) => response.writeHead(502).end('<html>')],
    ['429', error(429, 'rate_limited')],
    ['408', error(408, 'request_timeout')],
    [
      'half a body',
      (response) => {
        response
          .writeHead(201, { 'content-length': '60' })
          .write('{"seq": 1, "ver', () => response.destroy());
      },
    ],
    [
      'a body that is cut between chunks',
      (response) => {
        response.writeHead(201).write('{"seq": 1,', () => response.destroy());
      },
    ],
    ['a body that is not JSON', (response) => response.writeHead(200).end('<html>')],
  ] as [string, Step][])('are repeated under the same key after %s', async (_, failure) => {
    const { seen, url } = await node(failure, failure, appended);
    const ctx = await contextOn(url);
    expect(await ctx.append(message)).toMatchObject({ seq: 1, version: 1 });
    expect(seen).toHaveLength(3);
    const keys = new Set(seen.map(({ headers }) => headers['idempotency-key']));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  test('of one call have another key than those of the next', async () => {
    const { seen, url } = await node(appended);
    const ctx = await contextOn(url);
    await ctx.append(message);
    await ctx.append(message);
    expect(seen[0]?.headers['idempotency-key']).not.toBe(seen[1]?.headers['idempotency-key']);
    await ctx.append(message, { idempotencyKey: 'mine' });
    expect(seen[2]?.headers['idempotency-key']).toBe('mine');
  });

  test.each([
    ['400', error(400, 'invalid_request'), 'InvalidRequestError'],
    ['409', json(409, { error: 'conflict', message: 'm', current_version: 9 }), 'ConflictError'],
    ['413', error(413, 'body_too_large'), 'InvalidRequestError'],
    ['500', error(500, 'internal'), 'FastpacaError'],
  ] as [string, Step, string][])('are not repeated after %s', async (_, failure, name) => {
    const { seen, url } = await node(failure, appended);
    await expect((await contextOn(url)).append(message)).rejects.toMatchObject({ name, attempts: 1 });
    expect(seen).toHaveLength(1);
  });

  test('say after the last try how many there were and that the outcome is unknown', async () => {
    const { url } = await node(hangUp, error(503, 'unavailable'));
    const failure = (await contextOn(url)).append(message);
    // The first try may have been applied, whatever the later ones say.
    await expect(failure).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'unavailable',
      status: 503,
      attempts: 4,
      outcomeUnknown: true,
    });
    const { url: refusing } = await node(error(503, 'unavailable'));
    await expect((await contextOn(refusing)).append(message)).rejects.toMatchObject({
      outcomeUnknown: false,
    });
  });

  test('that cannot be encoded are the caller’s mistake, and nothing is sent', async () => {
    const { seen, url } = await node(appended);
    const ctx = await contextOn(url);
    const parts = [{ type: 'text', text: 'x', size: 1n }];
    await expect(ctx.append({ role: 'user', parts })).rejects.toBeInstanceOf(TypeError);
    expect(seen).toHaveLength(0);
  });

  test('are tried once with retries: 0', async () => {
    const { seen, url } = await node(hangUp);
    await expect((await contextOn(url, { retries: 0 })).append(message)).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'connection_failed',
      attempts: 1,
      outcomeUnknown: true,
    });
    expect(seen).toHaveLength(1);
  });
});

describe('calls that may not happen twice', () => {
  test('are not repeated where the outcome is unknown', async () => {
    for (const failure of [hangUp, error(504, 'outcome_unknown'), json(503, {})]) {
      const { seen, url } = await node(failure, json(200, { version: 2 }));
      await expect((await contextOn(url)).compact([message])).rejects.toMatchObject({ outcomeUnknown: true });
      await expect((await contextOn(url)).compact([message])).resolves.toEqual({ version: 2 });
      expect(seen).toHaveLength(2);
    }
  });

  test('are repeated where nothing was done', async () => {
    const { seen, url } = await node(
      error(503, 'overloaded'),
      error(429, 'rate_limited'),
      json(200, { version: 2 }),
    );
    await expect((await contextOn(url)).compact([message])).resolves.toEqual({ version: 2 });
    expect(seen).toHaveLength(3);
    const erased = await node(error(503, 'unavailable'), (response) => response.writeHead(204).end());
    await (await contextOn(erased.url)).delete({ erase: true });
    expect(erased.seen.map(({ url: path }) => path)).toEqual(Array(2).fill('/v1/contexts/c?mode=erase'));
    const lost = await node(hangUp);
    await expect((await contextOn(lost.url)).delete({ erase: true })).rejects.toMatchObject({ attempts: 1 });
  });

  test('are repeated with ifVersion, and a conflict then says that it may be the own first try', async () => {
    const conflict = json(409, { error: 'conflict', message: 'm', current_version: 4 });
    const { seen, url } = await node(hangUp, conflict);
    await expect((await contextOn(url)).compact([message], { ifVersion: 3 })).rejects.toMatchObject({
      name: 'ConflictError',
      currentVersion: 4,
      outcomeUnknown: true,
    });
    expect(seen).toHaveLength(2);
  });
});

describe('Retry-After', () => {
  test('is waited for', async () => {
    const { seen, url } = await node(
      error(429, 'rate_limited', { 'retry-after': '1' }),
      json(200, windowAnswer),
    );
    await (await contextOn(url)).context();
    const [first, second] = seen;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(990);
  });

  test('of more than half a minute is the caller’s to wait for', async () => {
    const { seen, url } = await node(error(503, 'unavailable', { 'retry-after': '31' }));
    await expect((await contextOn(url)).context()).rejects.toMatchObject({
      retryAfterMs: 31_000,
      attempts: 1,
    });
    expect(seen).toHaveLength(1);
  });

  test('is read as seconds and as a date', () => {
    const now = Date.parse('2026-11-24T00:00:00Z');
    expect(retryAfterMs('7', now)).toBe(7000);
    expect(retryAfterMs('Tue, 24 Nov 2026 00:00:05 GMT', now)).toBe(5000);
    expect(retryAfterMs('Tue, 24 Nov 2026 00:00:00 GMT', now + 9)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeNull();
    expect(retryAfterMs(null, now)).toBeNull();
  });
});

describe('several nodes', () => {
  test('a dead one is passed over at once, and not asked again', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    const alive = await node(json(200, windowAnswer));
    const nodes = [dead, alive.url];
    for (const baseUrl of [nodes, [...nodes].reverse()]) {
      const ctx = await contextOn(baseUrl, { retries: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
      for (let i = 0; i < 5; i++) expect(await ctx.context()).toMatchObject({ version: 3 });
    }
    expect(alive.seen).toHaveLength(10);
  });

  test('a write goes to the next node with the same key', async () => {
    const first = await node(hangUp);
    const second = await node(hangUp);
    const third = await node(appended);
    const ctx = await contextOn([first.url, second.url, third.url]);
    for (let i = 0; i < 4; i++) await ctx.append(message);
    expect(third.seen).toHaveLength(4);
    for (const { headers } of [...first.seen, ...second.seen]) {
      expect(headers['idempotency-key']).toBe(third.seen[0]?.headers['idempotency-key']);
    }
  });

  test('when all are down the error comes after the last try, and names one', async () => {
    const urls = await Promise.all([1, 2].map(async () => `http://127.0.0.1:${await freePort()}`));
    const ctx = await contextOn(urls);
    await expect(ctx.append(message)).rejects.toMatchObject({
      name: 'ConnectionError',
      attempts: 4,
      // Refused connections: nothing can have been written.
      outcomeUnknown: false,
      message: expect.stringMatching(/POST http:\/\/127\.0\.0\.1:\d+\/v1\/contexts\/c\/messages.*4 attempts/),
    });
  });

  test('a limit on requests is not gone round by way of the other node', async () => {
    const limit = error(429, 'rate_limited', { 'retry-after': '0' });
    const nodes = await Promise.all([
      node(limit, json(200, windowAnswer)),
      node(limit, json(200, windowAnswer)),
    ]);
    await (await contextOn(nodes.map(({ url }) => url))).context();
    expect(nodes.map(({ seen }) => seen.length).sort()).toEqual([0, 2]);
  });
});

describe('time', () => {
  test('a node that never answers is a TimeoutError, after the retries', async () => {
    const { seen, url } = await node(silence);
    const ctx = await contextOn(url, { timeoutMs: 40, retries: { ...fast, count: 1 } });
    await expect(ctx.append(message)).rejects.toMatchObject({
      name: 'TimeoutError',
      code: 'timeout',
      attempts: 2,
      outcomeUnknown: true,
    });
    expect(seen).toHaveLength(2);
  });

  test('the time covers the body, and the next try may succeed', async () => {
    const drip: Step = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    };
    const { url } = await node(drip, json(200, windowAnswer));
    expect(await (await contextOn(url, { timeoutMs: 600 })).context()).toMatchObject({ version: 3 });
  });

  test('with a timeout of months are not over at once', async () => {
    const { url } = await node((response, seen) =>
      setTimeout(() => json(200, windowAnswer)(response, seen), 20),
    );
    for (const timeoutMs of [2 ** 31, Infinity]) {
      expect(await (await contextOn(url, { timeoutMs, retries: 0 })).context()).toMatchObject({ version: 3 });
    }
  });

  test('a fetch that does not heed its signal does not hold the caller', async () => {
    const deaf = (() => new Promise(() => undefined)) as unknown as typeof fetch;
    const ctx = await contextOn('http://unused', { fetch: deaf, timeoutMs: 20, retries: 0 });
    await expect(ctx.context()).rejects.toMatchObject({ code: 'timeout' });
    const controller = new AbortController();
    const aborted = (await contextOn('http://unused', { fetch: deaf })).context({
      signal: controller.signal,
    });
    controller.abort();
    await expect(aborted).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('abort', () => {
  test('before, during and between tries rejects with the reason, and nothing more is sent', async () => {
    const { seen, url } = await node(silence);
    const reason = new Error('user left');
    await expect((await contextOn(url)).context({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(seen).toHaveLength(0);

    const during = new AbortController();
    const call = (await contextOn(url)).append(message, { signal: during.signal });
    while (seen.length === 0) await new Promise(setImmediate);
    during.abort(reason);
    await expect(call).rejects.toBe(reason);

    const failing = await node(error(503, 'unavailable'));
    const between = new AbortController();
    const slow = { count: 5, minDelayMs: 60_000, maxDelayMs: 60_000 };
    const waiting = (await contextOn(failing.url, { retries: slow })).context({ signal: between.signal });
    while (failing.seen.length === 0) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 20));
    between.abort();
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(failing.seen).toHaveLength(1);
  });

  test('leaves no listener on the signal of the caller', async () => {
    const { url } = await node(hangUp, json(200, windowAnswer));
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await (await contextOn(url)).context({ signal });
    expect(listeners).toBe(0);
  });
});

describe('options', () => {
  test.each([
    [{ baseUrl: [] }, /at least one/],
    [{ baseUrl: 'localhost' }, /not a URL/],
    [{ baseUrl: 'localhost:4000' }, /http/],
    [{ baseUrl: 'http://user:pw@host' }, /apiKey/],
    [{ baseUrl: 'http://h', timeoutMs: 0 }, /timeoutMs/],
    [{ baseUrl: 'http://h', retries: -1 }, /retries/],
  ] as [ClientOptions, RegExp][])('%j is refused', (options, message_) => {
    expect(() => createClient(options)).toThrow(message_);
  });

  test.each(['', '/', '/v1', '/v1/'])('a base URL may end with "%s"', async (end) => {
    const { seen, url } = await node(json(200, windowAnswer));
    await (await contextOn(url + end, { apiKey: 'k' })).context({ budgetTokens: 5 });
    expect(seen[0]?.url).toBe('/v1/contexts/c/context?budget_tokens=5');
    expect(seen[0]?.headers.authorization).toBe('Bearer k');
  });

  test('a path before /v1 is kept', async () => {
    const { seen, url } = await node(json(200, windowAnswer));
    await (await contextOn(`${url}/store/v1`)).context();
    expect(seen[0]?.url).toBe('/store/v1/contexts/c/context');
  });
});

describe('the policy', () => {
  test('backoff lies between half its ceiling and its ceiling, and the ceiling doubles to the maximum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, random) => {
          const policy = { minDelayMs: 100, maxDelayMs: 5000 };
          const ceiling = Math.min(5000, 100 * 2 ** (n - 1));
          const delay = backoff(policy, n, random);
          expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
          expect(delay).toBeLessThanOrEqual(ceiling);
        },
      ),
    );
  });

  const failures: fc.Arbitrary<Failure> = fc.oneof(
    fc.record({
      kind: fc.constant('answer' as const),
      status: fc.integer({ min: 300, max: 599 }),
      body: fc.option(
        fc.record({
          error: fc.constantFrom('unavailable', 'overloaded', 'outcome_unknown', 'conflict', 'internal'),
          message: fc.string(),
        }),
      ),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 60_000 })),
    }),
    fc.record({ kind: fc.constant('timeout' as const), timeoutMs: fc.nat() }),
    fc.record({ kind: fc.constant('connection' as const), cause: fc.constant(new Error('x')) }),
  );

  test('what may not happen twice is repeated only where it certainly did not happen', () => {
    fc.assert(
      fc.property(failures, fc.boolean(), fc.integer({ min: 1, max: 6 }), (failure, fresh, count) => {
        const policy = retryPolicy(3);
        const delay = nextDelay(failure, 'once', policy, count, fresh, 0.5);
        if (delay !== null) expect(outcomeOf(failure)).toBe('not_applied');
        if (count > 3) expect(delay).toBeNull();
        const repeatable = nextDelay(failure, 'repeatable', policy, count, fresh, 0.5);
        if (repeatable !== null) expect(outcomeOf(failure)).not.toBe('final');
      }),
    );
  });
});
