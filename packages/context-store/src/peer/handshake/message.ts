import { nodeId } from '@fastpaca/raft-core';
import type { Lane, NodeId } from '@fastpaca/raft-core';

import { MalformedError } from '../../codec/byte-reader.js';
import type { AnnouncedState } from '../peer-status.js';
import { JsonFields, readJson } from '../wire/json-fields.js';
import { encodeJson, readState, refusalBody } from '../wire/notes.js';
import type { RefusalNote } from '../wire/notes.js';

/** The versions of the protocol that a node speaks: its own and the one before. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** What the dialling side says first. */
export interface Opening {
  readonly versions: VersionRange;
  readonly lane: Lane;
  readonly nonce: string;
}

/** What the accepting side answers. */
export type Challenge = Omit<Opening, 'lane'>;

/** Who a node is. Told only together with a proof of the secret. */
export interface Identity extends Pick<AnnouncedState, 'clusterId' | 'state'> {
  readonly id: NodeId;
  readonly name: string;
  /** Drawn at the node's start. */
  readonly boot: string;
  /** The port that it listens on. */
  readonly port: number;
}

/**
 * The messages of the handshake: four bytes that name the protocol, a type, and JSON. Their form stays in
 * all versions, since nothing is agreed on before. Unknown fields are left alone.
 */
const types = ['opening', 'challenge', 'dialler', 'accepter', 'ready', 'refusal'] as const;
export type HandshakeType = (typeof types)[number];

const magic = Buffer.from('FPCL');
const HEAD_BYTES = magic.length + 1;
export const PROOF_BYTES = 32;
const NONCE_CHARS = 64;
/** No message of the handshake is longer. */
export const MAX_HANDSHAKE_BYTES = 4 * 1024;

export interface HandshakeMessage {
  readonly type: HandshakeType;
  readonly body: Uint8Array;
}

export function encodeMessage(type: HandshakeType, body: Uint8Array): Uint8Array {
  return Buffer.concat([magic, Uint8Array.of(types.indexOf(type) + 1), body]);
}

/** @throws MalformedError */
export function readMessage(message: Uint8Array): HandshakeMessage {
  const type = types[(message[magic.length] ?? 0) - 1];
  const isOurs = magic.equals(message.subarray(0, magic.length));
  if (type === undefined || !isOurs || message.length > MAX_HANDSHAKE_BYTES) {
    throw new MalformedError('Not a message of the handshake.');
  }
  return { type, body: message.subarray(HEAD_BYTES) };
}

export const encodeOpening = (opening: Opening): Uint8Array => encodeMessage('opening', encodeJson(opening));

export const encodeChallenge = (challenge: Challenge): Uint8Array =>
  encodeMessage('challenge', encodeJson(challenge));

export const encodeIdentity = (identity: Identity): Uint8Array => encodeJson(identity);

export const encodeRefusal = (note: RefusalNote): Uint8Array => encodeMessage('refusal', refusalBody(note));

/** @throws MalformedError */
export function readOpening(body: Uint8Array): Opening {
  const fields = readJson(body);
  const lane = fields.text('lane', 16);
  if (lane !== 'control' && lane !== 'bulk') throw new MalformedError(`No lane is called ${lane}.`);
  return { ...readChallengeFields(fields), lane };
}

/** @throws MalformedError */
export const readChallenge = (body: Uint8Array): Challenge => readChallengeFields(readJson(body));

function readChallengeFields(fields: JsonFields): Challenge {
  const versions = fields.object('versions');
  const nonce = fields.text('nonce', NONCE_CHARS);
  if (nonce.length !== NONCE_CHARS) throw new MalformedError(`A nonce has ${NONCE_CHARS} characters.`);
  return {
    versions: { min: versions.integer('min', 0, 0xffff), max: versions.integer('max', 0, 0xffff) },
    nonce,
  };
}

/** @throws MalformedError */
export function readIdentity(body: Uint8Array): Identity {
  const fields = readJson(body);
  const id = fields.text('id', 255);
  const name = fields.text('name', 255);
  if (id === '' || name === '') throw new MalformedError('A node has an id and a name.');
  return {
    id: nodeId(id),
    name,
    boot: fields.text('boot', NONCE_CHARS),
    port: fields.port('port'),
    ...readState(fields),
  };
}
