import { once } from 'node:events';
import { connect } from 'node:net';

import { createRandom, encodeFrame, groupId, nodeId, RaftError, term } from '@fastpaca/raft-core';
import type { Message, Random } from '@fastpaca/raft-core';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ByteWriter } from '../../src/codec/byte-writer.js';
import { MalformedError } from '../../src/codec/byte-reader.js';
import { HandshakeError, RefusedError } from '../../src/peer/handshake/handshake-error.js';
import { encodeOpening } from '../../src/peer/handshake/message.js';
import { welcome } from '../../src/peer/handshake/shake-hands.js';
import { Assembler } from '../../src/peer/wire/assembler.js';
import { againBody, lessonBody } from '../../src/peer/wire/beat-bodies.js';
import { addressesBody, encodeJson, refusalBody } from '../../src/peer/wire/notes.js';
import { readUnit } from '../../src/peer/wire/read-unit.js';
import { answerHead, requestHead } from '../../src/peer/wire/request-body.js';
import { numberBody, readUnits, writePartHead, writeUnit } from '../../src/peer/wire/unit.js';
import type { UnitKind } from '../../src/peer/wire/unit.js';
import { PeerNode, secret, until } from '../support/peer-node.js';
import { closed, enter, knock } from '../support/stranger.js';

const seed = 20_261_125;

const raft: Message = {
  type: 'timeout_now',
  group: groupId(1),
  from: nodeId('b'),
  to: nodeId('a'),
  term: term(3),
};
/** One valid body of each kind. */
const samples: readonly [UnitKind, Uint8Array][] = [
  ['raft', encodeFrame(nodeId('b'), nodeId('a'), [raft])],
  [
    'request',
    Buffer.concat([requestHead({ id: 1, deadlineMs: 1_000, method: 'echo' }), Buffer.from('payload')]),
  ],
  ['answer', answerHead(1, 'done')],
  ['announcement', encodeJson({ clusterId: 'c', state: 'member', detail: '{}' })],
  ['addresses', addressesBody([{ host: '127.0.0.1', port: 1 }])],
  ['ping', numberBody(7)],
  ['pong', numberBody(7)],
  ['part', writePartHead(new ByteWriter(16), { stream: 1, kind: 'request', last: true }).finish()],
  ['cut', numberBody(1)],
  ['refusal', refusalBody({ code: 'version', reason: 'no' })],
  ['lesson', lessonBody({ slot: 1, number: 1 }, encodeFrame(nodeId('b'), nodeId('a'), [raft]))],
  ['again', againBody({ slot: 1, number: 1, bits: Uint8Array.of(1) })],
];

/** Valid messages with a few bytes changed, cut, repeated or added; now and then plain noise. */
class Noise {
  readonly #random: Random = createRandom(seed);

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.below(256);
    return bytes;
  }

  message(): Buffer {
    if (this.below(8) === 0) return this.bytes(this.below(100));
    const writer = new ByteWriter();
    for (let units = this.below(3) + 1; units > 0; units -= 1) {
      const [kind, body] = samples[this.below(samples.length)] ?? ['ping', numberBody(1)];
      writeUnit(writer, kind, body.length).raw(body);
    }
    return this.spoil(Buffer.from(writer.finish()));
  }

  spoil(message: Buffer): Buffer {
    for (let changes = this.below(4); changes > 0; changes -= 1)
      message[this.below(message.length)] = this.below(256);
    if (this.below(4) === 0) return message.subarray(0, this.below(message.length));
    return this.below(6) === 0 ? Buffer.concat([message, this.bytes(this.below(20))]) : message;
  }
}

describe('tens of thousands of malformed messages', () => {
  test('of the handshake end it, and nothing else', async () => {
    const noise = new Noise();
    const opening = Buffer.from(
      encodeOpening({ versions: { min: 1, max: 1 }, lane: 'control', nonce: '0'.repeat(64) }),
    );
    const identity = {
      id: nodeId('a'),
      name: 'a',
      boot: 'x',
      port: 1,
      clusterId: null,
      state: 'empty' as const,
    };
    const own = {
      secret,
      versions: { min: 1, max: 1 },
      identity: () => identity,
      admit: () => Promise.resolve(null),
    };
    let admitted = 0;
    const ends = { refused: 0, failed: 0 };
    for (let count = 0; count < 10_000; count += 1) {
      const channel = {
        binding: new Uint8Array(0),
        send: () => undefined,
        receive: () => Promise.resolve(noise.spoil(Buffer.from(opening))),
      };
      await welcome(channel, { ...own, admit: () => Promise.resolve(((admitted += 1), null)) }).catch(
        (error) => {
          if (error instanceof RefusedError) ends.refused += 1;
          else if (error instanceof HandshakeError) ends.failed += 1;
          else throw error;
        },
      );
    }
    expect(admitted).toBe(0);
    expect(ends.refused + ends.failed).toBe(10_000);
  });

  test('of a link are told from valid ones', () => {
    const noise = new Noise();
    const assembler = new Assembler({ maxParcelBytes: 10_000, maxBytes: 20_000, maxStreams: 4 });
    const counts = { valid: 0, malformed: 0 };
    for (let count = 0; count < 30_000; count += 1) {
      try {
        readUnits(noise.message(), (kind, body) => {
          const unit = readUnit(kind, body);
          if (unit.kind === 'part') assembler.add(unit.part);
          counts.valid += 1;
        });
      } catch (error) {
        if (!(error instanceof MalformedError) && !(error instanceof RaftError)) throw error;
        counts.malformed += 1;
      }
    }
    expect(counts.valid).toBeGreaterThan(10_000);
    expect(counts.malformed).toBeGreaterThan(10_000);
  });
});

describe('a node that is sent malformed messages', () => {
  let a: PeerNode;
  let honest: PeerNode;
  beforeEach(async () => {
    a = await PeerNode.start({ id: 'a', limits: { maxUnauthenticated: 8 }, timing: { stepMs: 60_000 } });
    honest = await PeerNode.start({ id: 'honest', seeds: [a.seed] });
    a.network.handle('echo', (payload) => Promise.resolve(payload));
    await until('both lanes', () => a.network.status().peers[0]?.lanes.bulk.connected === true);
  });
  afterEach(async () => {
    await Promise.all([a.close(), honest.close()]);
  });

  /** It serves as before, and holds nothing of those who left. */
  const isUnharmed = async (): Promise<void> => {
    const answer = await honest.network.request(nodeId('a'), 'echo', Buffer.from('x'), { deadlineMs: 5_000 });
    expect(Buffer.from(answer).toString()).toBe('x');
    await until('only the two lanes are left', () => a.accepted.length === 2);
    expect(a.network.status().unauthenticated).toBe(0);
    expect(a.events.filter((event) => event.kind === 'peer_down' && event.id === 'honest')).toEqual([]);
  };

  test('closes the connections of those who cannot prove the secret', async () => {
    const noise = new Noise();
    for (let count = 0; count < 150; count += 1) {
      const socket = await knock(a.port);
      socket.send(noise.message());
      await closed(socket);
    }
    await isUnharmed();
    expect(a.network.peers()).toHaveLength(1);
  });

  test('closes the connections of those who can', async () => {
    const noise = new Noise();
    for (let count = 0; count < 60; count += 1) {
      const socket = await enter(a.port, 'b');
      for (let sent = 0; sent < 50; sent += 1) socket.send(noise.message());
      // A kind that there is not, where all before was valid by chance.
      socket.send(Buffer.of(255, 0));
      await closed(socket);
    }
    await isUnharmed();
  });

  test('takes no message longer than its limit, before the proof or after it', async () => {
    const stranger = await knock(a.port);
    stranger.send(Buffer.alloc(8_000));
    await closed(stranger);
    const peer = await enter(a.port, 'b');
    peer.send(Buffer.alloc(1_000_000));
    expect(await closed(peer)).toBe(1009);
    await isUnharmed();
  });

  test('refuses more strangers than it takes at a time, and lets go those who only ping', async () => {
    const strangers = await Promise.all(Array.from({ length: 8 }, () => knock(a.port)));
    await expect(knock(a.port)).rejects.toThrow('503');
    expect(a.network.status().unauthenticated).toBe(8);
    for (const stranger of strangers) stranger.ping();
    await Promise.all(strangers.map(closed));
    await isUnharmed();
  });

  test('keeps no connection to a stranger whom it refused, also where they keep theirs', async () => {
    const strangers = await Promise.all(Array.from({ length: 8 }, () => knock(a.port)));
    const stubborn = connect({ port: a.port, host: '127.0.0.1', allowHalfOpen: true });
    stubborn.write(
      'GET /internal/cluster HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    let answer = '';
    stubborn.on('data', (bytes) => (answer += bytes.toString()));
    try {
      await once(stubborn, 'end');
      expect(answer).toContain('503');
      for (const stranger of strangers) stranger.terminate();
      await isUnharmed();
      expect(stubborn.writable).toBe(true);
    } finally {
      stubborn.destroy();
    }
  });
});
