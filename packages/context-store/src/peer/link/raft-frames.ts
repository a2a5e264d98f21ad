import { encodeFrame } from '@fastpaca/raft-core';
import type { Lane, Message, NodeId } from '@fastpaca/raft-core';

import { againBody, lessonBody } from '../wire/beat-bodies.js';
import { WHOLE_BYTES } from '../wire/unit.js';
import type { BeatTeacher } from './beats.js';
import type { LaneEnd } from './lane-end.js';

/** Appends are put into frames of about so much. */
const FRAME_BYTES = 512 * 1024;
const ENTRY_HEAD_BYTES = 21;

/**
 * Puts the messages of a turn on a lane. False where some did not fit.
 *
 * Appends keep their order: a follower that gets one before its predecessor refuses it. So once one of them
 * has to travel in parts, those that follow wait behind it, and everything else passes them.
 */
export function sendRaft(
  lane: LaneEnd,
  from: NodeId,
  to: NodeId,
  messages: readonly Message[],
  laneName: Lane,
): boolean {
  const bytes = entryBytes(messages);
  const frame = (some: readonly Message[], inOrder: boolean): boolean =>
    lane.raft(encodeFrame(from, to, some), inOrder);
  if (laneName === 'bulk') return frame(messages, true);
  if (!lane.queue.keepsOrder && bytes < WHOLE_BYTES / 2) return frame(messages, false);
  const others = messages.filter(({ type }) => type !== 'append');
  let sent = others.length === 0 || frame(others, false);
  for (const appends of inFrames(messages.filter(({ type }) => type === 'append'))) {
    sent = frame(appends, true) && sent;
  }
  return sent;
}

/** The same, with what the peer has heard before abridged. */
export function sendAbridged(
  lane: LaneEnd,
  from: NodeId,
  to: NodeId,
  messages: readonly Message[],
  teacher: BeatTeacher,
): boolean {
  const { again, lesson, rest } = teacher.abridge(messages);
  let sent = true;
  for (const each of again) sent = lane.raft(againBody(each), false, 'again') && sent;
  if (lesson !== null) {
    const body = lessonBody(lesson, encodeFrame(from, to, lesson.beats));
    sent = lane.raft(body, false, 'lesson') && sent;
  }
  if (rest.length > 0) sent = sendRaft(lane, from, to, rest, 'control') && sent;
  if (!sent) teacher.forget();
  return sent;
}

function entryBytes(messages: readonly Message[]): number {
  let bytes = 0;
  for (const message of messages) bytes += sizeOf(message);
  return bytes;
}

function sizeOf(message: Message): number {
  if (message.type !== 'append') return 0;
  let bytes = 0;
  for (const { data } of message.entries) bytes += data.length + ENTRY_HEAD_BYTES;
  return bytes;
}

function* inFrames(appends: readonly Message[]): Generator<readonly Message[]> {
  let frame: Message[] = [];
  let bytes = 0;
  for (const message of appends) {
    const size = sizeOf(message);
    if (frame.length > 0 && bytes + size > FRAME_BYTES) {
      yield frame;
      frame = [];
      bytes = 0;
    }
    frame.push(message);
    bytes += size;
  }
  if (frame.length > 0) yield frame;
}
