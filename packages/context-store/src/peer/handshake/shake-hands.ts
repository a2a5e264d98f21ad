import { randomBytes } from 'node:crypto';

import type { Lane } from '@fastpaca/raft-core';

import { MalformedError } from '../../codec/byte-reader.js';
import { readRefusal } from '../wire/notes.js';
import type { RefusalNote } from '../wire/notes.js';
import { HandshakeError, RefusedError } from './handshake-error.js';
import {
  encodeChallenge,
  encodeIdentity,
  encodeMessage,
  encodeOpening,
  encodeRefusal,
  PROOF_BYTES,
  readChallenge,
  readIdentity,
  readMessage,
  readOpening,
} from './message.js';
import type { HandshakeType, Identity, VersionRange } from './message.js';
import { prove, proves } from './proof.js';
import { refusals } from './refusal-texts.js';

/** The connection while hands are shaken. */
export interface HandshakeChannel {
  send(message: Uint8Array): void;
  /**
   * The next message.
   * @throws HandshakeError where none comes in time, or the connection closes.
   */
  receive(): Promise<Uint8Array>;
  /** The same on both ends of a TLS connection, and on no other. Empty without TLS. */
  readonly binding: Uint8Array;
}

export interface OwnSide {
  readonly secret: string | null;
  readonly versions: VersionRange;
  /** As it is now: what a node announces changes. */
  identity(): Identity;
  /** Decides on a peer that has proved the secret: null admits it. */
  admit(peer: Identity, lane: Lane): Promise<RefusalNote | null>;
}

export interface Greeting {
  readonly peer: Identity;
  readonly lane: Lane;
  readonly version: number;
}

/**
 * The handshake of the side that dials. Nobody tells who it is before the other is known to expect it: the
 * dialler identifies itself with its proof, the accepter only to who has proved the secret.
 *
 * ```
 * dialler   opening  {versions, lane, nonce}   ─▶
 *           ◀─  challenge {versions, nonce}       accepter
 *           proof, identity                    ─▶
 *           ◀─  proof, identity
 *           ready                              ─▶
 * ```
 *
 * Each side may say `refusal {code, reason}` instead.
 *
 * @throws RefusedError, HandshakeError
 */
export async function greet(channel: HandshakeChannel, own: OwnSide, lane: Lane): Promise<Greeting> {
  const { versions } = own;
  const opening = encodeOpening({ versions, lane, nonce: newNonce() });
  channel.send(opening);
  const challenge = await expectMessage(channel, 'challenge');
  const version = commonVersion(channel, versions, reading(() => readChallenge(challenge.body)).versions);
  const secret = own.secret ?? refuse(channel, refusals.noSecret());
  const identity = encodeIdentity(own.identity());
  const said = [channel.binding, opening, challenge.whole, identity];
  channel.send(encodeMessage('dialler', Buffer.concat([prove(secret, 'dialler', said), identity])));
  const answer = await expectMessage(channel, 'accepter');
  const theirs = answer.body.subarray(PROOF_BYTES);
  if (!proves(answer.body.subarray(0, PROOF_BYTES), prove(secret, 'accepter', [...said, theirs]))) {
    refuse(channel, refusals.wrongSecret());
  }
  const peer = reading(() => readIdentity(theirs));
  const refusal = await own.admit(peer, lane);
  if (refusal !== null) refuse(channel, refusal);
  channel.send(encodeMessage('ready', new Uint8Array(0)));
  return { peer, lane, version };
}

/**
 * The handshake of the side that was dialled.
 *
 * @throws RefusedError, HandshakeError
 */
export async function welcome(channel: HandshakeChannel, own: OwnSide): Promise<Greeting> {
  const first = await expectMessage(channel, 'opening', 'stranger');
  const opening = reading(() => readOpening(first.body));
  const secret = own.secret ?? refuse(channel, refusals.noSecret());
  const version = commonVersion(channel, own.versions, opening.versions);
  const challenge = encodeChallenge({ versions: own.versions, nonce: newNonce() });
  channel.send(challenge);
  const answer = await expectMessage(channel, 'dialler', 'stranger');
  const theirs = answer.body.subarray(PROOF_BYTES);
  const said = [channel.binding, first.whole, challenge, theirs];
  if (!proves(answer.body.subarray(0, PROOF_BYTES), prove(secret, 'dialler', said))) {
    refuse(channel, refusals.wrongSecret());
  }
  const peer = reading(() => readIdentity(theirs));
  const refusal = await own.admit(peer, opening.lane);
  if (refusal !== null) refuse(channel, refusal);
  const identity = encodeIdentity(own.identity());
  const proof = prove(secret, 'accepter', [...said, identity]);
  channel.send(encodeMessage('accepter', Buffer.concat([proof, identity])));
  await expectMessage(channel, 'ready');
  return { peer, lane: opening.lane, version };
}

const newNonce = (): string => randomBytes(32).toString('hex');

function refuse(channel: HandshakeChannel, note: RefusalNote): never {
  channel.send(encodeRefusal(note));
  throw new RefusedError(note, 'self');
}

/** What a stranger who came by himself gives as his reasons does not end up in a log. */
async function expectMessage(
  channel: HandshakeChannel,
  expected: HandshakeType,
  from: 'node' | 'stranger' = 'node',
): Promise<{ readonly body: Uint8Array; readonly whole: Uint8Array }> {
  const whole = await channel.receive();
  const { type, body } = reading(() => readMessage(whole));
  if (type === 'refusal' && from === 'node')
    throw new RefusedError(
      reading(() => readRefusal(body)),
      'peer',
    );
  if (type !== expected) throw new HandshakeError(`The peer sent ${type} where ${expected} was to come.`);
  return { body, whole };
}

/** The newest version that both speak. */
function commonVersion(channel: HandshakeChannel, own: VersionRange, other: VersionRange): number {
  const version = Math.min(own.max, other.max);
  if (version < Math.max(own.min, other.min)) refuse(channel, refusals.version(own, other));
  return version;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new HandshakeError(`The peer does not speak the link's protocol: ${error.message}`, {
      cause: error,
    });
  }
}
