import { nodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';

import { decodeAnswer, encodeError, encodeValue } from '../../src/routing/answer.js';
import { AnswerParts, encodePartRequest } from '../../src/routing/answer-parts.js';
import { askForAnswer } from '../../src/routing/answers.js';
import { Hops } from '../../src/routing/hops.js';
import { pack } from '../../src/routing/packing.js';
import { StoreError } from '../../src/store-error.js';
import { MemoryPeers } from '../support/memory-peers.js';

const a = nodeId('a');
const b = nodeId('b');

function pair(answer: () => Uint8Array) {
  const world = new MemoryPeers();
  const [client, server] = [a, b].map((id) => world.network({ id, name: id }));
  if (client === undefined || server === undefined) throw new Error('There are two.');
  client.start();
  server.start();
  const parts = new AnswerParts();
  server.handle('read', async (_, from) => parts.first(answer(), from));
  server.handle('part', async (request, from) => parts.part(request, from));
  const ask = () => askForAnswer(new Hops(client, {}), 'read', b, new Uint8Array(), 5_000);
  return { world, server, parts, ask };
}

describe('an answer of another node', () => {
  test('that is short comes whole, one of many parts is put together', async () => {
    for (const length of [0, 10, (1 << 20) - 20, 5_000_000]) {
      const body = Buffer.alloc(length, 'body ');
      const { ask } = pair(() => encodeValue({ body }));
      const answer = await ask();
      if (answer.kind !== 'value') throw new Error(`It is ${answer.kind}.`);
      expect(Buffer.compare((answer.value as { body: Uint8Array }).body, body)).toBe(0);
    }
  });

  test('whose node goes away between two parts fails, so that another node is asked for the whole', async () => {
    const { server, world, ask } = pair(() => encodeValue(Buffer.alloc(3_000_000)));
    server.handle('part', async () => {
      world.disconnect(a, b);
      return new Uint8Array();
    });
    expect(await ask()).toMatchObject({ kind: 'failed', error: { code: 'peer_lost' } });
  });

  test.each([
    ['an empty part', new Uint8Array()],
    ['a part that is too long', Buffer.alloc(4_000_000)],
  ])('with %s is a fault, and does not go on for ever', async (_, part) => {
    const { server, ask } = pair(() => encodeValue(Buffer.alloc(3_000_000)));
    server.handle('part', async () => part);
    expect(await ask()).toMatchObject({ kind: 'fault' });
  });

  test('that claims to be larger than any may be is a fault, and nothing is allocated for it', async () => {
    const first = Buffer.alloc(1);
    const { ask } = pair(() => pack({ parts: { token: 't', total: 2 ** 40, first } }));
    expect(await ask()).toMatchObject({ kind: 'fault' });
  });

  test('is fetched only by the node that it is for, once', () => {
    const parts = new AnswerParts();
    const first = decodeAnswer(parts.first(encodeValue(Buffer.alloc(1_500_000)), a));
    if (first.kind !== 'parts') throw new Error(`It is ${first.kind}.`);
    const request = encodePartRequest(first.token, first.first.length);
    expect(() => parts.part(request, b)).toThrow('no such answer');
    expect(parts.part(request, a).length).toBe(first.total - first.first.length);
    expect(() => parts.part(request, a)).toThrow('no such answer');
    parts.close();
  });

  test('is refused where too many wait to be fetched', () => {
    const parts = new AnswerParts(5_000_000);
    const long = encodeValue(Buffer.alloc(2_000_000));
    for (let held = 0; held < 2; held += 1) expect(decodeAnswer(parts.first(long, a)).kind).toBe('parts');
    expect(decodeAnswer(parts.first(long, a))).toMatchObject({
      kind: 'error',
      error: { code: 'overloaded' },
    });
    parts.close();
    expect(decodeAnswer(parts.first(long, a)).kind).toBe('parts');
    parts.close();
  });
});

describe('an error of another node', () => {
  test('that a client is meant to see keeps its code, message and details', () => {
    const error = new StoreError('conflict', 'Context version changed (expected 3, found 4)', {
      details: { current_version: 4 },
    });
    const answer = decodeAnswer(encodeError(error));
    if (answer.kind !== 'error') throw new Error(`It is ${answer.kind}.`);
    expect(answer.error).toMatchObject({
      code: 'conflict',
      status: 409,
      message: error.message,
      details: { current_version: 4 },
    });
  });

  test('that is a defect, or a code of a later release, is a fault and tells nothing of the inside', () => {
    const bytes = encodeError(new Error('secret path /data/store'));
    expect(decodeAnswer(bytes)).toMatchObject({ kind: 'fault' });
    expect(Buffer.from(bytes).includes('secret')).toBe(false);
    const later = pack({ error: { code: 'invented_later', message: 'x', details: {} } });
    expect(decodeAnswer(later)).toMatchObject({ kind: 'fault' });
  });

  test('bytes that are no answer are a fault', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(0xc1), pack(7), pack({ error: 7 })]) {
      expect(decodeAnswer(bytes).kind).toBe('fault');
    }
  });
});
