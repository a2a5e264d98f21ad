import { z } from 'zod';
import { messageAnswer } from '../message.js';

const version = z.int().min(0).meta({ description: 'Never goes back, except after a `reset`.' });

export const messageFrame = z
  .object({
    type: z.literal('message'),
    version,
    seq: z.int().min(1),
    message: messageAnswer
      .optional()
      .meta({ description: 'As `GET …/messages` has it. Absent with `include_messages=false`.' }),
  })
  .meta({ id: 'MessageFrame', description: 'A message of the log. A batch has several of one version.' });
export type MessageFrame = z.output<typeof messageFrame>;

export const contextFrame = z
  .object({ type: z.literal('context'), version, needs_compaction: z.boolean(), used_tokens: z.int().min(0) })
  .meta({
    id: 'ContextFrame',
    description:
      'The window after a change. It ends the frames of every write, so its version is a safe cursor.',
  });
export type ContextFrame = z.output<typeof contextFrame>;

export const compactionFrame = z
  .object({
    type: z.literal('compaction'),
    version,
    range: z.object({ from_seq: z.int().min(0), to_seq: z.int().min(0) }).meta({
      description: 'The messages that left the window or are stood for now; 0 and 0: none.',
    }),
  })
  .meta({ id: 'CompactionFrame', description: 'The window was cut by its policy, or replaced.' });
export type CompactionFrame = z.output<typeof compactionFrame>;

export const tombstonedFrame = z
  .object({ type: z.literal('tombstoned'), version })
  .meta({ id: 'TombstonedFrame', description: 'The context is ended. The stream is closed.' });
export type TombstonedFrame = z.output<typeof tombstonedFrame>;

export const resetFrame = z.object({ type: z.literal('reset'), version }).meta({
  id: 'ResetFrame',
  description:
    'What the reader has is not the history of this context: drop it and read again. The stream goes on after `version`.',
});
export type ResetFrame = z.output<typeof resetFrame>;

export const gapFrame = z
  .object({ type: z.literal('gap'), version, expected: z.int().min(1), actual: z.int().min(1) })
  .meta({
    id: 'GapFrame',
    description:
      'Versions `expected` to `actual - 1` cannot be replayed. The stream goes on with `actual`; `version` is the one before.',
  });
export type GapFrame = z.output<typeof gapFrame>;

export const pingFrame = z
  .object({ type: z.literal('ping'), version })
  .meta({ id: 'PingFrame', description: 'Every 30 seconds. Answer it with `{"type":"pong"}`.' });
export type PingFrame = z.output<typeof pingFrame>;

/** Everything that a stream sends, over websocket and as Server-Sent Events. */
export const streamFrame = z
  .discriminatedUnion('type', [
    messageFrame,
    contextFrame,
    compactionFrame,
    tombstonedFrame,
    resetFrame,
    gapFrame,
    pingFrame,
  ])
  .meta({ id: 'StreamFrame' });
export type StreamFrame = z.output<typeof streamFrame>;

/** The only frame that a client sends. */
export const pongFrame = z.object({ type: z.literal('pong') }).meta({ id: 'PongFrame' });
export type PongFrame = z.output<typeof pongFrame>;
