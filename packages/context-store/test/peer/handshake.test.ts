import { nodeId } from '@fastpaca/raft-core';
import { describe, expect, test } from '@jest/globals';

import { HandshakeError, RefusedError } from '../../src/peer/handshake/handshake-error.js';
import { encodeMessage, encodeRefusal, readMessage } from '../../src/peer/handshake/message.js';
import { prove } from '../../src/peer/handshake/proof.js';
import { greet, welcome } from '../../src/peer/handshake/shake-hands.js';
import type { Greeting, HandshakeChannel, OwnSide } from '../../src/peer/handshake/shake-hands.js';

const secret = 'a secret between nodes';

/** One end of a cable. `said` is all that went into it. */
class End implements HandshakeChannel {
  readonly said: Uint8Array[] = [];
  readonly #arrived: Uint8Array[] = [];
  #waiting: ((message: Uint8Array) => void) | null = null;
  other: End | null = null;

  constructor(readonly binding: Uint8Array = new Uint8Array(0)) {}

  send(message: Uint8Array): void {
    this.said.push(message);
    this.other?.arrive(message);
  }

  arrive(message: Uint8Array): void {
    if (this.#waiting === null) this.#arrived.push(message);
    else this.#waiting(message);
    this.#waiting = null;
  }

  receive(): Promise<Uint8Array> {
    const message = this.#arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}

const cable = (bindings: readonly [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)]) => {
  const [dialler, accepter] = [new End(bindings[0]), new End(bindings[1])];
  dialler.other = accepter;
  accepter.other = dialler;
  return { dialler, accepter };
};

const node = (id: string, options: Partial<OwnSide> = {}): OwnSide => ({
  secret,
  versions: { min: 1, max: 1 },
  identity: () => ({
    id: nodeId(id),
    name: id,
    boot: `boot of ${id}`,
    port: 4000,
    clusterId: null,
    state: 'empty',
  }),
  admit: () => Promise.resolve(null),
  ...options,
});

const end = (greeting: Promise<Greeting>): Promise<unknown> => greeting.catch((error: unknown) => error);

describe('the handshake', () => {
  test('makes both sides known to each other, with the lane and the newest version of both', async () => {
    const { dialler, accepter } = cable();
    const greetings = await Promise.all([
      greet(dialler, node('d', { versions: { min: 1, max: 3 } }), 'bulk'),
      welcome(accepter, node('a', { versions: { min: 2, max: 4 } })),
    ]);
    expect(greetings).toMatchObject([
      { peer: { id: 'a' }, lane: 'bulk', version: 3 },
      { peer: { id: 'd' }, lane: 'bulk', version: 3 },
    ]);
  });

  test('never carries the secret, and tells a stranger neither names nor the cluster', async () => {
    const { dialler, accepter } = cable();
    const ends = [
      end(greet(dialler, node('dialler', { secret: 'guess' }), 'control')),
      end(welcome(accepter, node('accepter'))),
    ];
    expect(await Promise.all(ends)).toEqual([expect.any(RefusedError), expect.any(RefusedError)]);
    const text = Buffer.concat(accepter.said).toString('latin1');
    expect(text).not.toContain('accepter');
    const all = Buffer.concat([...dialler.said, ...accepter.said]);
    expect(all.includes(secret)).toBe(false);
    expect(all.includes('guess')).toBe(false);
  });

  test('does not take what was said on another connection', async () => {
    const before = cable();
    await Promise.all([greet(before.dialler, node('d'), 'control'), welcome(before.accepter, node('a'))]);
    const replay = new End();
    const refused = end(welcome(replay, node('a')));
    for (const message of before.dialler.said) replay.arrive(message);
    expect(await refused).toMatchObject({ note: { code: 'wrong_secret' }, by: 'self' });
  });

  test('does not take its own words back', async () => {
    // Somebody without the secret sends a dialler's proof back to it as if it were the answer.
    const { dialler, accepter } = cable();
    const refused = end(greet(dialler, node('d'), 'control'));
    accepter.send(encodeMessage('challenge', readMessage(await accepter.receive()).body));
    accepter.send(encodeMessage('accepter', readMessage(await accepter.receive()).body));
    expect(await refused).toMatchObject({ note: { code: 'wrong_secret' }, by: 'self' });
  });

  test.each([
    ['the lane', (text: string) => text.replace('control', 'bulk')],
    ['the versions', (text: string) => text.replace('"max":2', '"max":1')],
  ])('notices where somebody in between changes %s', async (_what, change) => {
    const { dialler, accepter } = cable();
    dialler.other = null;
    const versions = { min: 1, max: 2 };
    const ends = [
      end(greet(dialler, node('d', { versions }), 'control')),
      end(welcome(accepter, node('a', { versions }))),
    ];
    accepter.arrive(Buffer.from(change(Buffer.from(dialler.said[0] ?? []).toString('latin1')), 'latin1'));
    dialler.other = accepter;
    expect(await Promise.all(ends)).toMatchObject([
      { note: { code: 'wrong_secret' }, by: 'peer' },
      { note: { code: 'wrong_secret' }, by: 'self' },
    ]);
  });

  test('needs the same TLS channel on both sides', async () => {
    const { dialler, accepter } = cable([Buffer.from('one'), Buffer.from('another')]);
    const ends = [end(greet(dialler, node('d'), 'control')), end(welcome(accepter, node('a')))];
    expect(await Promise.all(ends)).toMatchObject([
      { note: { code: 'wrong_secret' } },
      { note: { code: 'wrong_secret' } },
    ]);
  });

  test('tells the peer why it is not admitted', async () => {
    const { dialler, accepter } = cable();
    const note = { code: 'refused_node', reason: 'It was removed.' } as const;
    const ends = [
      end(greet(dialler, node('d'), 'control')),
      end(welcome(accepter, node('a', { admit: () => Promise.resolve(note) }))),
    ];
    expect(await Promise.all(ends)).toMatchObject([
      { note, by: 'peer' },
      { note, by: 'self' },
    ]);
  });

  test('does not repeat the reasons of a stranger', async () => {
    const { dialler, accepter } = cable();
    const failed = end(welcome(accepter, node('a')));
    dialler.send(encodeRefusal({ code: 'version', reason: 'Send your secret to this address.' }));
    expect(await failed).toMatchObject({
      name: 'HandshakeError',
      message: expect.not.stringContaining('secret to'),
    });
  });

  test('ends where a message comes out of turn', async () => {
    const { dialler, accepter } = cable();
    const failed = end(welcome(accepter, node('a')));
    dialler.send(encodeMessage('ready', new Uint8Array(0)));
    expect(await failed).toBeInstanceOf(HandshakeError);
  });

  test('goes well with a newer release that says more', async () => {
    const { dialler, accepter } = cable();
    const welcomed = welcome(accepter, node('a'));
    const more = { invented: { later: true } };
    const say = (fields: object): Buffer => Buffer.from(JSON.stringify({ ...fields, ...more }));
    const versions = { min: 1, max: 2, ...more };
    const opening = encodeMessage('opening', say({ versions, lane: 'control', nonce: 'f'.repeat(64) }));
    dialler.send(opening);
    const challenge = await dialler.receive();
    const identity = say(node('d').identity());
    const proof = prove(secret, 'dialler', [dialler.binding, opening, challenge, identity]);
    dialler.send(encodeMessage('dialler', Buffer.concat([proof, identity])));
    await dialler.receive();
    dialler.send(encodeMessage('ready', new Uint8Array(0)));
    expect(await welcomed).toMatchObject({ peer: { id: 'd' }, version: 1 });
  });
});
