import { decodeFrame } from '@fastpaca/raft-core';
import type { Frame } from '@fastpaca/raft-core';

import type { AnnouncedState } from '../peer-status.js';
import { readAgain, readLesson } from './beat-bodies.js';
import type { Again, Place } from './beat-bodies.js';
import { readAddresses, readAnnouncement, readRefusal } from './notes.js';
import type { GossipedAddress, RefusalNote } from './notes.js';
import { readAnswer, readRequest } from './request-body.js';
import type { AnswerBody, RequestBody } from './request-body.js';
import { readNumber, readPart } from './unit.js';
import type { Part, UnitKind } from './unit.js';

/** A unit that is what its kind says. */
export type Unit =
  | { readonly kind: 'raft'; readonly frame: Frame }
  | { readonly kind: 'lesson'; readonly place: Place; readonly frame: Frame }
  | { readonly kind: 'again'; readonly again: Again }
  | { readonly kind: 'request'; readonly request: RequestBody }
  | { readonly kind: 'answer'; readonly answer: AnswerBody }
  | { readonly kind: 'part'; readonly part: Part }
  | { readonly kind: 'cut' | 'ping' | 'pong'; readonly number: number }
  | { readonly kind: 'announcement'; readonly state: AnnouncedState }
  | { readonly kind: 'addresses'; readonly addresses: readonly GossipedAddress[] }
  | { readonly kind: 'refusal'; readonly note: RefusalNote };

/** @throws MalformedError, RaftError */
export function readUnit(kind: UnitKind, body: Uint8Array): Unit {
  switch (kind) {
    case 'raft':
      // What arrived is bounded before: it is there already.
      return { kind, frame: decodeFrame(body, { maxBytes: body.length }) };
    case 'lesson': {
      const { place, frame } = readLesson(body);
      return { kind, place, frame: decodeFrame(frame, { maxBytes: frame.length }) };
    }
    case 'again':
      return { kind, again: readAgain(body) };
    case 'request':
      return { kind, request: readRequest(body) };
    case 'answer':
      return { kind, answer: readAnswer(body) };
    case 'part':
      return { kind, part: readPart(body) };
    case 'cut':
    case 'ping':
    case 'pong':
      return { kind, number: readNumber(body) };
    case 'announcement':
      return { kind, state: readAnnouncement(body) };
    case 'addresses':
      return { kind, addresses: readAddresses(body) };
    case 'refusal':
      return { kind, note: readRefusal(body) };
  }
}
