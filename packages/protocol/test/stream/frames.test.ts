import { describe, expect, test } from '@jest/globals';
import { closeCodes, pongFrame, streamFrame, streamQuery } from '../../src/index.js';

const message = {
  seq: 7,
  role: 'user',
  parts: [{ type: 'text', text: 'Hello' }],
  metadata: {},
  token_count: 4,
  inserted_at: '2026-01-01T00:00:00.000Z',
};

describe('stream frames', () => {
  test.each([
    { type: 'message', version: 8, seq: 7, message },
    { type: 'message', version: 8, seq: 7 },
    { type: 'context', version: 8, needs_compaction: true, used_tokens: 900 },
    { type: 'compaction', version: 9, range: { from_seq: 1, to_seq: 4 } },
    { type: 'tombstoned', version: 9 },
    { type: 'reset', version: 0 },
    { type: 'gap', version: 4, expected: 2, actual: 5 },
    { type: 'ping', version: 9 },
  ])('$type is a frame', (frame) => {
    expect(streamFrame.parse(frame)).toEqual(frame);
  });

  test.each([{ type: 'context', version: 8 }, { type: 'reset', version: -1 }, { type: 'pong' }, null])(
    '%j is none',
    (frame) => {
      expect(streamFrame.safeParse(frame).success).toBe(false);
    },
  );

  test('a client sends pong', () => {
    expect(pongFrame.parse({ type: 'pong' })).toEqual({ type: 'pong' });
  });

  test('the query has a cursor and a flag', () => {
    expect(streamQuery.parse({ cursor: '0', include_messages: 'false' })).toEqual({
      cursor: 0,
      include_messages: false,
    });
    expect(streamQuery.parse({})).toEqual({});
  });

  test.each([{ cursor: '-1' }, { cursor: 'x' }, { cursor: '' }, { include_messages: 'yes' }])(
    '%j is refused',
    (query) => {
      expect(streamQuery.safeParse(query).success).toBe(false);
    },
  );

  test('every close code stands for one reason', () => {
    const codes = Object.values(closeCodes).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
