import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { streamFrame } from '@fastpaca/protocol';
import { message, startApplication, type TestApplication } from '../application.js';
import { EventFollower, Follower, refusal } from './follow.js';

let server: TestApplication;
beforeAll(async () => {
  server = await startApplication();
});
afterAll(async () => {
  await server.close();
});

let made = 0;
/** A context of its own for each test. */
async function context(settings: object = {}): Promise<string> {
  made += 1;
  const path = `/v1/contexts/stream-${made}`;
  await server.put(path, settings);
  return path;
}

const say = (path: string, text: string, more: object = {}) =>
  server.post(`${path}/messages`, { message: message(text, { token_count: 15, ...more }) });

describe('websocket', () => {
  test('an append is a message frame, then a context frame, each with type and version', async () => {
    const path = await context();
    const stream = await Follower.open(server.url, `${path}/stream`);
    await say(path, 'Hello', { id: 'm-1', metadata: { a: 1 } });
    const frames = await stream.count(2);
    expect(frames).toEqual([
      {
        type: 'message',
        version: 1,
        seq: 1,
        message: {
          seq: 1,
          id: 'm-1',
          role: 'user',
          parts: [{ type: 'text', text: 'Hello' }],
          metadata: { a: 1 },
          token_count: 15,
          inserted_at: expect.any(String),
        },
      },
      { type: 'context', version: 1, needs_compaction: false, used_tokens: 15 },
    ]);
    for (const frame of frames) expect(streamFrame.parse(frame)).toEqual(frame);
    stream.drop();
  });

  test('the message of a frame is the one that a read gives, byte for byte', async () => {
    const path = await context();
    const stream = await Follower.open(server.url, `${path}/stream`);
    const raw: string[] = [];
    stream.socket.on('message', (data: Buffer) => raw.push(data.toString()));
    const odd =
      '{"message":{"role":"user","parts":[{"type":"t","2":1,"1":2,"n":1e400,"x":"\\u0041","x":"é"}]}}';
    await server.post(`${path}/messages`, odd);
    await stream.count(2);
    const { text } = await server.get(`${path}/tail`);
    expect(raw[0]).toBe(
      `{"type":"message","version":1,"seq":1,"message":${text.slice('{"messages":['.length, -2)}}`,
    );
    stream.drop();
  });

  test('a batch is several message frames of one version, and one context', async () => {
    const path = await context();
    const stream = await Follower.open(server.url, `${path}/stream`);
    await server.post(`${path}/messages`, { messages: [message('a'), message('b'), message('c')] });
    expect((await stream.count(4)).map(({ type, version }) => [type, version])).toEqual([
      ['message', 1],
      ['message', 1],
      ['message', 1],
      ['context', 1],
    ]);
    stream.drop();
  });

  test('a compaction is a frame with the range that left the window, then the context', async () => {
    const path = await context({ token_budget: 40, trigger_ratio: 0.5 });
    const stream = await Follower.open(server.url, `${path}/stream`);
    await say(path, 'a');
    await say(path, 'b');
    await server.post(`${path}/compact`, { replacement: [message('summary', { token_count: 30 })] });
    expect((await stream.count(7)).slice(2)).toMatchObject([
      { type: 'message', version: 2, seq: 2 },
      { type: 'compaction', version: 3, range: { from_seq: 1, to_seq: 1 } },
      { type: 'context', version: 3, needs_compaction: false, used_tokens: 15 },
      { type: 'compaction', version: 4, range: { from_seq: 1, to_seq: 2 } },
      { type: 'context', version: 4, needs_compaction: true, used_tokens: 30 },
    ]);
    stream.drop();
  });

  test('a change of the budget that turns needs_compaction is a context frame', async () => {
    const path = await context({ token_budget: 40, trigger_ratio: 1, policy: { strategy: 'manual' } });
    const stream = await Follower.open(server.url, `${path}/stream`);
    await say(path, 'a');
    await stream.count(2);
    await server.put(path, { token_budget: 10 });
    expect((await stream.count(3))[2]).toEqual({
      type: 'context',
      version: 1,
      needs_compaction: true,
      used_tokens: 15,
    });
    stream.drop();
  });

  test('cursor 0 replays everything, then what is new, on one connection', async () => {
    const path = await context({ token_budget: 40, trigger_ratio: 0.5 });
    const live = await Follower.open(server.url, `${path}/stream`);
    for (const each of ['a', 'b', 'c']) await say(path, each);
    const replay = await Follower.open(server.url, `${path}/stream?cursor=0`);
    await say(path, 'd');
    await live.version(7);
    await replay.version(7);
    expect(replay.frames).toEqual(live.frames);
    live.drop();
    replay.drop();
  });

  test('cursor is the last version processed', async () => {
    const path = await context();
    for (const each of ['a', 'b', 'c']) await say(path, each);
    const stream = await Follower.open(server.url, `${path}/stream?cursor=2`);
    expect(await stream.count(2)).toMatchObject([
      { type: 'message', version: 3, seq: 3 },
      { type: 'context' },
    ]);
    stream.drop();
  });

  test('without cursor only new events come', async () => {
    const path = await context();
    await say(path, 'old');
    const stream = await Follower.open(server.url, `${path}/stream`);
    await say(path, 'new');
    expect((await stream.count(2))[0]).toMatchObject({ type: 'message', version: 2 });
    stream.drop();
  });

  test('include_messages=false leaves out the message', async () => {
    const path = await context();
    const stream = await Follower.open(server.url, `${path}/stream?include_messages=false`);
    await say(path, 'a');
    expect((await stream.count(2))[0]).toEqual({ type: 'message', version: 1, seq: 1 });
    stream.drop();
  });

  test('a cursor beyond the current version gives reset, then what is new', async () => {
    const path = await context();
    await say(path, 'a');
    const stream = await Follower.open(server.url, `${path}/stream?cursor=50`);
    await stream.count(1);
    await say(path, 'b');
    expect(await stream.count(3)).toMatchObject([
      { type: 'reset', version: 1 },
      { type: 'message', version: 2 },
      { type: 'context', version: 2 },
    ]);
    stream.drop();
  });

  test('a tombstone is a frame, then the stream is closed with 1000', async () => {
    const path = await context();
    await say(path, 'a');
    const stream = await Follower.open(server.url, `${path}/stream`);
    const late = server.call('DELETE', path);
    expect((await stream.closed).code).toBe(1000);
    await late;
    expect(stream.changes).toEqual([{ type: 'tombstoned', version: 1 }]);
    const replay = await Follower.open(server.url, `${path}/stream?cursor=0`);
    await replay.closed;
    expect(replay.changes.map(({ type }) => type)).toEqual(['message', 'context', 'tombstoned']);
  });

  test('an erase is reset, then the stream is closed with 1000', async () => {
    const path = await context();
    await say(path, 'a');
    const stream = await Follower.open(server.url, `${path}/stream`);
    await server.call('DELETE', `${path}?mode=erase`);
    expect((await stream.closed).code).toBe(1000);
    expect(stream.changes).toEqual([{ type: 'reset', version: 1 }]);
  });

  test('versions never go back, and every message comes once, while many append', async () => {
    const path = await context({ token_budget: 200, trigger_ratio: 0.5 });
    const stream = await Follower.open(server.url, `${path}/stream?cursor=0`);
    await Promise.all(Array.from({ length: 100 }, (_, n) => say(path, `${n}`)));
    const { body } = await server.get(path);
    const frames = await stream.version(body.version as number);
    const versions = frames.map(({ version }) => version);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    const seqs = frames.flatMap((frame) => (frame.type === 'message' ? [frame.seq] : []));
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    stream.drop();
  });

  test.each([
    ['an unknown context', '/v1/contexts/nobody/stream', 404, 'context_not_found'],
    ['a malformed id', '/v1/contexts/a%20b/stream', 400, 'invalid_context_id'],
    ['a broken escape in the id', '/v1/contexts/a%zz/stream', 400, 'invalid_context_id'],
    ['a cursor that is no number', '/v1/contexts/nobody/stream?cursor=x', 400, 'invalid_request'],
    ['a negative cursor', '/v1/contexts/nobody/stream?cursor=-1', 400, 'invalid_request'],
    ['another path', '/v1/contexts/nobody/streams', 404, 'not_found'],
  ])('%s is refused at the upgrade, as an HTTP error', async (_, target, status, error) => {
    const answer = await refusal(server.url, target);
    expect(answer).toMatchObject({ status, body: { error, message: expect.any(String) } });
  });

  test('ids may be percent-encoded', async () => {
    await server.put('/v1/contexts/a%3Ab%40c');
    const stream = await Follower.open(server.url, '/v1/contexts/a%3Ab%40c/stream');
    await say('/v1/contexts/a:b@c', 'x');
    await stream.count(2);
    stream.drop();
  });
});

describe('Server-Sent Events', () => {
  test('are the same frames; the id is the version, on the last frame of it', async () => {
    const path = await context({ token_budget: 40, trigger_ratio: 0.5 });
    const stream = await EventFollower.open(server.url, `${path}/stream`);
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(stream.response.headers['cache-control']).toContain('no-cache');
    await server.post(`${path}/messages`, {
      messages: [message('a', { token_count: 5 }), message('é', { token_count: 5 })],
    });
    await say(path, 'b');
    await stream.count(6);
    expect(stream.events.map(({ id, frame }) => [id, frame.type, frame.version])).toEqual([
      [undefined, 'message', 1],
      [undefined, 'message', 1],
      ['1', 'context', 1],
      ['2', 'message', 2],
      [undefined, 'compaction', 3],
      ['3', 'context', 3],
    ]);
    const [, second] = stream.frames;
    expect(second).toMatchObject({ message: { parts: [{ type: 'text', text: 'é' }] } });
    stream.drop();
  });

  test('Last-Event-ID resumes, and stands before the cursor of the first connection', async () => {
    const path = await context();
    for (const each of ['a', 'b', 'c']) await say(path, each);
    const stream = await EventFollower.open(server.url, `${path}/stream?cursor=0`, { 'last-event-id': '2' });
    expect(await stream.count(2)).toMatchObject([{ type: 'message', version: 3 }, { type: 'context' }]);
    stream.drop();
  });

  test('end after a tombstone', async () => {
    const path = await context();
    const stream = await EventFollower.open(server.url, `${path}/stream`);
    await server.call('DELETE', path);
    await stream.ended;
    expect(stream.frames).toEqual([{ type: 'tombstoned', version: 0 }]);
  });

  test.each([
    ['/v1/contexts/nobody/stream', {}, 404, 'context_not_found'],
    ['/v1/contexts/nobody/stream', { 'last-event-id': 'x' }, 400, 'invalid_request'],
    ['/v1/contexts/nobody/stream?include_messages=1', {}, 400, 'invalid_request'],
    ['/v1/contexts/nobody/stream', { accept: 'application/json' }, 426, 'upgrade_required'],
  ])('%s with %j answers %i %s', async (target, headers, status, error) => {
    const answer = await server.get(target, { accept: 'text/event-stream', ...headers });
    expect(answer).toMatchObject({ status, body: { error } });
  });

  test('HEAD answers without a stream', async () => {
    const path = await context();
    const answer = await server.call('HEAD', `${path}/stream`, { headers: { accept: 'text/event-stream' } });
    expect(answer).toMatchObject({ status: 200, text: '' });
  });
});

test('metrics count connections, frames, bytes and closes', async () => {
  const path = await context();
  const stream = await Follower.open(server.url, `${path}/stream`);
  await say(path, 'a');
  await stream.count(2);
  const { text } = await server.get('/metrics');
  expect(text).toMatch(/^fastpaca_stream_connections\{transport="websocket"\} 1$/m);
  expect(text).toMatch(/^fastpaca_stream_frames_total\{transport="websocket"\} [1-9]/m);
  expect(text).toMatch(/^fastpaca_stream_bytes_total\{transport="sse"\} [1-9]/m);
  expect(text).toMatch(/^fastpaca_stream_closed_total\{transport="websocket",reason="ended"\} 3$/m);
  expect(text).toMatch(/^fastpaca_stream_refused_total\{reason="context_not_found"\} [1-9]/m);
  stream.drop();
});
