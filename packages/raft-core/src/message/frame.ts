import { groupId, logIndex, nodeId, term as toTerm } from '../ids.js';
import type { LogIndex, NodeId } from '../ids.js';
import type { ConfState, Entry, EntryType } from '../log/entry.js';
import { ByteReader, invalidFrame } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { AppendOutcome, Message, MessageBase, SnapshotPosition } from './message.js';

/** Grows with every change that an older node would misread. */
export const FRAME_VERSION = 1;

/** Fixed positions: a type's number is its place, so new ones go to the end. */
const messageTypes = [
  'vote_request',
  'vote_response',
  'append',
  'append_response',
  'heartbeat',
  'heartbeat_response',
  'commit_notice',
  'read_request',
  'read_response',
  'timeout_now',
  'snapshot_chunk',
  'snapshot_response',
] as const satisfies readonly Message['type'][];
const entryTypes = ['normal', 'config', 'noop'] as const satisfies readonly EntryType[];
const outcomes = [
  'accepted',
  'conflict',
  'needs_snapshot',
] as const satisfies readonly AppendOutcome['kind'][];

const MESSAGE_MIN_BYTES = 11;
const ENTRY_MIN_BYTES = 21;

export interface Frame {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly messages: readonly Message[];
}

export interface FrameLimits {
  /** Default 64 MiB. */
  readonly maxBytes?: number;
}

/**
 * Encodes messages between two nodes as one versioned binary frame. All of them must have this sender
 * and receiver. A transport adds its own framing (a length prefix, a websocket message).
 */
export function encodeFrame(from: NodeId, to: NodeId, messages: readonly Message[]): Uint8Array {
  const writer = new ByteWriter(roomFor(messages));
  writer.u8(FRAME_VERSION);
  writer.text(from);
  writer.text(to);
  writer.u32(messages.length);
  for (const message of messages) {
    if (message.from !== from || message.to !== to) {
      throw new RangeError(
        `A frame from ${from} to ${to} cannot carry a message from ${message.from} to ${message.to}.`,
      );
    }
    writer.u8(messageTypes.indexOf(message.type));
    writer.u16(message.group);
    writer.u53(message.term);
    writeBody(writer, message);
  }
  return writer.finish();
}

/** About what they take, so that the buffer rarely grows. */
function roomFor(messages: readonly Message[]): number {
  let bytes = 64 + messages.length * 64;
  for (const message of messages) {
    if (message.type === 'snapshot_chunk') bytes += 256 + message.data.length;
    if (message.type !== 'append') continue;
    for (const { data } of message.entries) bytes += ENTRY_MIN_BYTES + data.length;
  }
  return bytes;
}

/**
 * Decodes a frame. Payloads are views of `bytes`, which must not be changed afterwards. Throws
 * `RaftError` with code `invalid_frame` for anything that `encodeFrame` does not make.
 */
export function decodeFrame(bytes: Uint8Array, limits: FrameLimits = {}): Frame {
  const maxBytes = limits.maxBytes ?? 64 * 1024 * 1024;
  if (bytes.length > maxBytes) throw invalidFrame(`${bytes.length} bytes are more than ${maxBytes}`);
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== FRAME_VERSION) throw invalidFrame(`version ${version}, this node speaks ${FRAME_VERSION}`);
  const from = readNode(reader);
  const to = readNode(reader);
  const count = reader.count(MESSAGE_MIN_BYTES);
  const messages: Message[] = [];
  for (let n = 0; n < count; n += 1) messages.push(readMessage(reader, from, to));
  if (reader.remaining > 0) throw invalidFrame(`${reader.remaining} bytes follow the last message`);
  return { from, to, messages };
}

function writeBody(writer: ByteWriter, m: Message): void {
  switch (m.type) {
    case 'vote_request':
      writer.u8(m.pre ? 1 : 0);
      writer.u8(m.force ? 1 : 0);
      writer.u53(m.lastIndex);
      writer.u53(m.lastTerm);
      writer.u53(m.session);
      return;
    case 'vote_response':
      writer.u8(m.pre ? 1 : 0);
      writer.u8(m.granted ? 1 : 0);
      writer.u53(m.requestTerm);
      writer.u53(m.session);
      return;
    case 'append':
      writer.u53(m.prevIndex);
      writer.u53(m.prevTerm);
      writer.u53(m.commit);
      writer.u32(m.entries.length);
      for (const entry of m.entries) writeEntry(writer, entry);
      return;
    case 'append_response':
      writer.text(m.incarnation);
      writeOutcome(writer, m.outcome);
      return;
    case 'heartbeat':
      writer.u53(m.commit);
      writer.u53(m.round);
      return;
    case 'heartbeat_response':
      writer.u53(m.round);
      writer.text(m.incarnation);
      return;
    case 'commit_notice':
      writer.u53(m.commit);
      return;
    case 'read_request':
      writer.u53(m.session);
      writer.u53(m.id);
      return;
    case 'read_response':
      writer.u53(m.session);
      writer.u53(m.id);
      writer.u53(m.index);
      return;
    case 'timeout_now':
      return;
    case 'snapshot_chunk':
      writer.u53(m.id);
      writePosition(writer, m.position);
      writer.u53(m.offset);
      writer.bytes(m.data);
      writer.u8(m.done ? 1 : 0);
      writer.u53(m.lastIndex);
      return;
    case 'snapshot_response':
      writer.u53(m.id);
      writer.u53(m.offset);
      return;
  }
}

function readMessage(reader: ByteReader, from: NodeId, to: NodeId): Message {
  const type = messageTypes[reader.u8()];
  if (type === undefined) throw invalidFrame('an unknown type of message');
  const base: MessageBase = { group: groupId(reader.u16()), from, to, term: toTerm(reader.u53()) };
  return readBody(reader, type, base);
}

function readBody(reader: ByteReader, type: Message['type'], base: MessageBase): Message {
  switch (type) {
    case 'vote_request': {
      const [pre, force, lastIndex] = [reader.flag(), reader.flag(), index(reader)];
      return { ...base, type, pre, force, lastIndex, lastTerm: toTerm(reader.u53()), session: reader.u53() };
    }
    case 'vote_response': {
      const [pre, granted] = [reader.flag(), reader.flag()];
      return { ...base, type, pre, granted, requestTerm: toTerm(reader.u53()), session: reader.u53() };
    }
    case 'append': {
      const [prevIndex, prevTerm, commit] = [index(reader), toTerm(reader.u53()), index(reader)];
      return { ...base, type, prevIndex, prevTerm, commit, entries: readEntries(reader) };
    }
    case 'append_response':
      return { ...base, type, incarnation: reader.text(), outcome: readOutcome(reader) };
    case 'heartbeat':
      return { ...base, type, commit: index(reader), round: reader.u53() };
    case 'heartbeat_response':
      return { ...base, type, round: reader.u53(), incarnation: reader.text() };
    case 'commit_notice':
      return { ...base, type, commit: index(reader) };
    case 'read_request':
      return { ...base, type, session: reader.u53(), id: reader.u53() };
    case 'read_response':
      return { ...base, type, session: reader.u53(), id: reader.u53(), index: index(reader) };
    case 'timeout_now':
      return { ...base, type };
    case 'snapshot_chunk': {
      const [id, position, offset] = [reader.u53(), readPosition(reader), reader.u53()];
      const [data, done, lastIndex] = [reader.bytes(), reader.flag(), index(reader)];
      return { ...base, type, id, position, offset, data, done, lastIndex };
    }
    case 'snapshot_response':
      return { ...base, type, id: reader.u53(), offset: reader.u53() };
  }
}

function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.u53(entry.index);
  writer.u53(entry.term);
  writer.u8(entryTypes.indexOf(entry.type));
  writer.bytes(entry.data);
}

function readEntries(reader: ByteReader): readonly Entry[] {
  const count = reader.count(ENTRY_MIN_BYTES);
  const entries: Entry[] = [];
  for (let n = 0; n < count; n += 1) {
    const at = { index: index(reader), term: toTerm(reader.u53()) };
    const type = entryTypes[reader.u8()];
    if (type === undefined) throw invalidFrame('an unknown type of entry');
    entries.push({ ...at, type, data: reader.bytes() });
  }
  return entries;
}

function writeOutcome(writer: ByteWriter, outcome: AppendOutcome): void {
  writer.u8(outcomes.indexOf(outcome.kind));
  switch (outcome.kind) {
    case 'accepted':
      writer.u53(outcome.index);
      return;
    case 'conflict':
      writer.u53(outcome.prevIndex);
      writer.u53(outcome.hintIndex);
      writer.u53(outcome.hintTerm);
      return;
    case 'needs_snapshot':
      writer.u53(outcome.atLeast);
      return;
  }
}

function readOutcome(reader: ByteReader): AppendOutcome {
  const kind = outcomes[reader.u8()];
  if (kind === undefined) throw invalidFrame('an unknown answer to an append');
  switch (kind) {
    case 'accepted':
      return { kind, index: index(reader) };
    case 'conflict': {
      const [prevIndex, hintIndex] = [index(reader), index(reader)];
      return { kind, prevIndex, hintIndex, hintTerm: toTerm(reader.u53()) };
    }
    case 'needs_snapshot':
      return { kind, atLeast: index(reader) };
  }
}

function writePosition(writer: ByteWriter, { index: at, term, conf }: SnapshotPosition): void {
  writer.u53(at);
  writer.u53(term);
  for (const nodes of [conf.voters, conf.votersOutgoing, conf.learners, conf.learnersNext]) {
    writer.u32(nodes.length);
    for (const node of nodes) writer.text(node);
  }
  writer.u8(conf.autoLeave ? 1 : 0);
}

function readPosition(reader: ByteReader): SnapshotPosition {
  const at = { index: index(reader), term: toTerm(reader.u53()) };
  const [voters, votersOutgoing, learners, learnersNext] = [
    readNodes(reader),
    readNodes(reader),
    readNodes(reader),
    readNodes(reader),
  ];
  const conf: ConfState = { voters, votersOutgoing, learners, learnersNext, autoLeave: reader.flag() };
  return { ...at, conf };
}

function readNodes(reader: ByteReader): NodeId[] {
  return Array.from({ length: reader.count(3) }, () => readNode(reader));
}

function readNode(reader: ByteReader): NodeId {
  const text = reader.text();
  if (text.length < 1 || text.length > 255) throw invalidFrame('a node id has 1 to 255 characters');
  return nodeId(text);
}

function index(reader: ByteReader): LogIndex {
  return logIndex(reader.u53());
}
