import { groupId, logIndex, nodeId, term } from '../../ids.js';
import type { NodeId } from '../../ids.js';
import type { ConfState } from '../../log/entry.js';
import type { Message } from '../../message/message.js';

const far = 2 ** 50;

const conf: ConfState = {
  voters: [nodeId('a'), nodeId('b')],
  votersOutgoing: [nodeId('ü-node')],
  learners: [nodeId('c')],
  learnersNext: [nodeId('d')],
  autoLeave: true,
};

/** One message of every shape, with numbers beyond 32 bits, empty lists and bytes of all values. */
export function sampleMessages(from: NodeId, to: NodeId): Message[] {
  const base = { group: groupId(65_535), from, to, term: term(far) };
  const data = Uint8Array.from({ length: 256 }, (_, value) => value);
  const prevIndex = logIndex(far - 3);
  return [
    {
      ...base,
      type: 'vote_request',
      pre: true,
      force: false,
      lastIndex: logIndex(far),
      lastTerm: term(3),
      session: far,
    },
    {
      ...base,
      type: 'vote_request',
      pre: false,
      force: true,
      lastIndex: logIndex(0),
      lastTerm: term(0),
      session: 0,
    },
    { ...base, type: 'vote_response', pre: true, granted: false, requestTerm: term(far), session: far },
    { ...base, type: 'vote_response', pre: false, granted: true, requestTerm: term(1), session: 0 },
    {
      ...base,
      type: 'append',
      prevIndex,
      prevTerm: term(far - 9),
      commit: logIndex(far - 4),
      entries: [
        { index: logIndex(far - 2), term: term(far - 9), type: 'noop', data: new Uint8Array(0) },
        { index: logIndex(far - 1), term: term(far - 9), type: 'normal', data },
        { index: logIndex(far), term: term(far), type: 'config', data: data.subarray(3, 9) },
      ],
    },
    { ...base, type: 'append', prevIndex, prevTerm: term(0), commit: logIndex(0), entries: [] },
    {
      ...base,
      type: 'append_response',
      incarnation: 'één',
      outcome: { kind: 'accepted', index: logIndex(far) },
    },
    {
      ...base,
      type: 'append_response',
      incarnation: '',
      outcome: { kind: 'conflict', prevIndex, hintIndex: logIndex(far - 5), hintTerm: term(7) },
    },
    {
      ...base,
      type: 'append_response',
      incarnation: 'x',
      outcome: { kind: 'needs_snapshot', atLeast: prevIndex },
    },
    { ...base, type: 'heartbeat', commit: logIndex(far), round: far },
    { ...base, type: 'heartbeat_response', round: 0, incarnation: 'x' },
    { ...base, type: 'commit_notice', commit: logIndex(far) },
    { ...base, type: 'read_request', session: far, id: 1 },
    { ...base, type: 'read_response', session: 0, id: far, index: logIndex(far) },
    { ...base, type: 'timeout_now' },
    {
      ...base,
      type: 'snapshot_chunk',
      id: far,
      position: { index: logIndex(far), term: term(far), conf },
      offset: far,
      data,
      done: false,
      lastIndex: logIndex(far),
    },
    {
      ...base,
      type: 'snapshot_chunk',
      id: 0,
      position: {
        index: logIndex(1),
        term: term(1),
        conf: { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
      },
      offset: 0,
      data: new Uint8Array(0),
      done: true,
      lastIndex: logIndex(1),
    },
    { ...base, type: 'snapshot_response', id: far, offset: far },
  ];
}

/** Views of a Buffer become plain arrays, so that only the bytes are compared. */
export function plainMessage(message: Message): unknown {
  // A view of a `Buffer` is a `Buffer` too, and that one turns itself into JSON before a replacer sees it.
  const plain = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
  };
  return plain(message);
}
