import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createClient, type ClientOptions, type StreamEvent, type StreamOptions } from '../../src/index.js';
import { ScriptedNode, error, hangUp, json, type Step } from '../scripted-node.js';
import { freePort } from '../store-process.js';
import { beginStream, encode, framesOf, replay, type Frame } from './event-log.js';

const open: ScriptedNode[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.close()));
});

async function node(...steps: readonly Step[]): Promise<ScriptedNode> {
  const started = await ScriptedNode.start(...steps);
  open.push(started);
  return started;
}

const retries = { count: 2, minDelayMs: 1, maxDelayMs: 2 };
async function follow(baseUrl: string | string[], options: StreamOptions & Partial<ClientOptions> = {}) {
  const ctx = await createClient({ baseUrl, retries, ...options }).context('c');
  return ctx.stream({ cursor: 0, ...options });
}

/** Reads up to and with the first event that `last` accepts, then lets go. */
async function readUntil(
  events: AsyncGenerator<StreamEvent, void, undefined>,
  last: (event: StreamEvent) => boolean,
): Promise<StreamEvent[]> {
  const read: StreamEvent[] = [];
  for await (const event of events) {
    read.push(event);
    if (last(event)) break;
  }
  return read;
}

const writes = [
  { batch: 1, compacts: false },
  { batch: 3, compacts: true },
  { batch: 2, compacts: false },
];
const frames = framesOf(writes);
const lastVersion = frames.at(-1)?.version ?? 0;
const atEnd = (event: StreamEvent): boolean => event.type === 'context' && event.version === lastVersion;

describe('a stream', () => {
  test('gives every frame as an event, with a cursor that is safe to keep', async () => {
    const { seen, url } = await node(replay(frames, Infinity, 1000));
    const events = await readUntil(await follow(url), atEnd);
    expect(events.map(({ type, version, cursor }) => [type, version, cursor])).toEqual([
      ['message', 1, 0],
      ['context', 1, 1],
      ['message', 2, 1],
      ['message', 2, 1],
      ['message', 2, 1],
      ['compaction', 3, 1],
      ['context', 3, 3],
      ['message', 4, 3],
      ['message', 4, 3],
      ['context', 4, 4],
    ]);
    expect(events[0]).toMatchObject({
      seq: 1,
      message: { id: 'seq-1', seq: 1, role: 'user', parts: [{ type: 'text', text: '№ 1 – 🦙' }] },
    });
    expect(events[5]).toMatchObject({ range: { fromSeq: 1, toSeq: 4 } });
    expect(events[6]).toMatchObject({ needsCompaction: false, usedTokens: 4 });
    expect(seen[0]?.headers.accept).toBe('text/event-stream');
    expect(seen[0]?.url).toBe('/v1/contexts/c/stream?cursor=0');
  });

  test('cut at any byte, in the middle of a batch or of a character, resumes without loss or repetition', async () => {
    const write = fc.record({ batch: fc.integer({ min: 1, max: 4 }), compacts: fc.boolean() });
    const cut = fc.record({ bytes: fc.nat(1500), chunk: fc.integer({ min: 1, max: 200 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 1, maxLength: 5 }),
        fc.array(cut, { maxLength: 4 }),
        async (all, cuts) => {
          const sent = framesOf(all);
          const version = sent.at(-1)?.version ?? 0;
          const steps = cuts.map(({ bytes, chunk }) => replay(sent, bytes, chunk));
          const { url, seen } = await node(...steps, replay(sent, Infinity, 29));
          const events = await readUntil(
            await follow(url),
            (event) => event.type === 'context' && event.version === version,
          );
          expect(events.map(({ type, version: of }) => [type, of])).toEqual(
            sent.map(({ type, version: of }) => [type, of]),
          );
          const messages = events.flatMap((event) => (event.type === 'message' ? [event] : []));
          expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + 1));
          for (const { seq, message } of messages) expect(message.parts[0]?.['text']).toBe(`№ ${seq} – 🦙`);
          // Anybody who kept the cursor of an event and begins anew there misses nothing either.
          for (const [index, { cursor }] of events.entries()) {
            const replayed = sent.filter((frame) => frame.version > cursor).map(({ version: of }) => of);
            expect(replayed.length).toBeGreaterThanOrEqual(events.length - index - 1);
          }
          expect(seen.length).toBeLessThanOrEqual(cuts.length + 1);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('without a cursor begins at the version of now, and keeps to it when the first connection breaks', async () => {
    const info = json(200, { version: 1 });
    const { seen, url } = await node(info, replay(frames, 0, 1), replay(frames, Infinity, 50));
    const ctx = await createClient({ baseUrl: url, retries }).context('c');
    const events = await readUntil(ctx.stream(), atEnd);
    expect(events[0]).toMatchObject({ type: 'message', seq: 2, version: 2 });
    expect(seen.map(({ url: path }) => path)).toEqual([
      '/v1/contexts/c',
      '/v1/contexts/c/stream?cursor=1',
      '/v1/contexts/c/stream?cursor=1',
    ]);
  });

  test('ends after a tombstone', async () => {
    const { url } = await node((response) => {
      beginStream(response);
      for (const frame of frames) response.write(encode(frame));
      response.end(encode({ type: 'tombstoned', version: lastVersion }));
    });
    const events = await readUntil(await follow(url), () => false);
    expect(events.at(-1)).toEqual({ type: 'tombstoned', version: 4, cursor: 4 });
  });

  test('goes on after a gap and after a reset, from where they say', async () => {
    const reset: Frame[] = [
      { type: 'gap', version: 6, expected: 1, actual: 7 },
      { ...framesOf([{ batch: 1, compacts: false }])[0], type: 'message', version: 7, seq: 9 },
      { type: 'context', version: 7, needs_compaction: true, used_tokens: 5 },
      { type: 'reset', version: 0 },
      ...framesOf([{ batch: 1, compacts: false }]),
    ];
    const { seen, url } = await node(
      (response) => {
        beginStream(response);
        response.end(Buffer.concat(reset.map(encode)));
      },
      json(404, { error: 'context_not_found', message: 'gone' }),
    );
    const events: StreamEvent[] = [];
    const reading = (async () => {
      for await (const event of await follow(url)) events.push(event);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'NotFoundError' });
    expect(events.map(({ type, cursor }) => [type, cursor])).toEqual([
      ['gap', 6],
      ['message', 6],
      ['context', 7],
      ['reset', 0],
      ['message', 0],
      ['context', 1],
    ]);
    expect(events[0]).toMatchObject({ expected: 1, actual: 7 });
    expect(seen[1]?.url).toContain('cursor=1');
  });

  test('passes over comments, pings and frames that it does not know', async () => {
    const { url } = await node((response) => {
      beginStream(response);
      response.write(': heartbeat\n\n');
      response.write(encode({ type: 'ping', version: 0 }));
      response.write(encode({ type: 'from-the-future', version: 1 }));
      response.write(Buffer.concat(frames.map(encode)));
    });
    expect(await readUntil(await follow(url), atEnd)).toHaveLength(frames.length);
  });

  test('leaves messages out on request', async () => {
    const { seen, url } = await node((response) => {
      beginStream(response);
      for (const { message: _, ...frame } of frames) response.write(encode(frame as unknown as Frame));
    });
    const ctx = await createClient({ baseUrl: url }).context('c');
    for await (const event of ctx.stream({ cursor: 0, includeMessages: false })) {
      expect(event).toEqual({ type: 'message', version: 1, cursor: 0, seq: 1 });
      break;
    }
    expect(seen[0]?.url).toContain('include_messages=false');
  });
});

describe('a connection', () => {
  test('on which nothing comes any more is made anew', async () => {
    const silentAfterOne: Step = (response) => {
      beginStream(response);
      for (const frame of frames.slice(0, 2)) response.write(encode(frame));
    };
    const { seen, url } = await node(silentAfterOne, replay(frames, Infinity, 1000));
    const lost: string[] = [];
    const onDisconnect = ({ message }: Error): number => lost.push(message);
    const events = await readUntil(await follow(url, { idleTimeoutMs: 600, onDisconnect }), atEnd);
    expect(events).toHaveLength(frames.length);
    expect(seen[1]?.url).toContain('cursor=1');
    expect(lost).toEqual([expect.stringContaining('silent for 600 ms')]);
  });

  test('that may be silent for ever is not made anew', async () => {
    const { seen, url } = await node((response) => {
      beginStream(response);
      setTimeout(() => response.write(Buffer.concat(frames.map(encode))), 50);
    });
    await readUntil(await follow(url, { idleTimeoutMs: Infinity }), atEnd);
    expect(seen).toHaveLength(1);
  });

  test('with a heartbeat and no frame lives', async () => {
    let beats = 0;
    const { seen, url } = await node((response) => {
      beginStream(response);
      const timer = setInterval(() => {
        beats += 1;
        response.write(':\n\n');
        if (beats === 15) response.write(Buffer.concat(frames.map(encode)));
      }, 100);
      response.on('close', () => clearInterval(timer));
    });
    await readUntil(await follow(url, { idleTimeoutMs: 1000 }), atEnd);
    expect(seen).toHaveLength(1);
  });

  test('that is lost is made anew on another node', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    const first = await node(replay(frames, 700, 100), error(503, 'unavailable'));
    const second = await node(replay(frames, Infinity, 100));
    const events = await readUntil(await follow([first.url, dead, second.url]), atEnd);
    expect(events).toHaveLength(frames.length);
    expect(second.seen).toHaveLength(1);
  });

  test('that was there once is made anew for as long as it takes', async () => {
    const { seen, url } = await node(
      replay(frames, 700, 100),
      ...Array.from({ length: 20 }, () => hangUp),
      error(503, 'unavailable'),
      error(429, 'rate_limited'),
      replay(frames, Infinity, 100),
    );
    expect(await readUntil(await follow(url), atEnd)).toHaveLength(frames.length);
    expect(seen).toHaveLength(24);
  });

  test('that never was is an error after the retries', async () => {
    const { seen, url } = await node(hangUp);
    await expect((await follow(url)).next()).rejects.toMatchObject({ name: 'ConnectionError', attempts: 3 });
    expect(seen).toHaveLength(3);
  });

  test.each([
    [401, 'unauthorized', 'UnauthorizedError'],
    [404, 'context_not_found', 'NotFoundError'],
    [400, 'invalid_request', 'InvalidRequestError'],
  ])('answered with %s is an error at once', async (status, code, name) => {
    const { seen, url } = await node(replay(frames, 300, 100), error(status, code));
    const events = await follow(url);
    await expect(readUntil(events, () => false)).rejects.toMatchObject({ name, code });
    expect(seen).toHaveLength(2);
  });

  test('answered with a page of a proxy is not a stream', async () => {
    const { url } = await node((response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    );
    await expect((await follow(url)).next()).rejects.toMatchObject({ code: 'bad_response' });
  });

  test('with a frame that is not JSON is made anew', async () => {
    const { url } = await node(
      (response) => {
        beginStream(response);
        response.write('data: {"type":\n\n');
      },
      replay(frames, Infinity, 100),
    );
    expect(await readUntil(await follow(url), atEnd)).toHaveLength(frames.length);
  });
});

describe('letting go', () => {
  test('closes the connection: by break, and by abort while it waits', async () => {
    const closed: Promise<void>[] = [];
    const { url } = await node((response) => {
      closed.push(new Promise((resolve) => response.on('close', resolve)));
      beginStream(response);
      response.write(encode(frames[0] as Frame));
    });
    await readUntil(await follow(url), () => true);
    await closed[0];

    const controller = new AbortController();
    const events = await follow(url, { signal: controller.signal });
    await events.next();
    const waiting = events.next();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await closed[1];
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('by abort ends the waits between connections', async () => {
    const { seen, url } = await node(replay(frames, 300, 100), hangUp);
    const controller = new AbortController();
    const slow = { count: 2, minDelayMs: 60_000, maxDelayMs: 60_000 };
    const events = await follow(url, {
      signal: controller.signal,
      retries: slow,
      onDisconnect: () => setImmediate(() => controller.abort()),
    });
    await expect(readUntil(events, () => false)).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    expect(seen).toHaveLength(1);
  });
});
