import type { MessageOutline } from '../outline/outline.js';
import { emptyEdge, observe } from './edge.js';

/** Why a model provider would refuse a replacement, and which of its messages is at fault. */
export interface ReplacementFault {
  readonly reason: 'empty_message' | 'first_not_user' | 'orphaned_result' | 'unanswered_call';
  /** Index of the message. */
  readonly index: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

/**
 * Whether `messages` can stand as a window: the first message that is not a system message is a
 * user message, no message is empty, every tool result follows its call, and every call has its
 * result. Null: nothing is wrong. The gateway asks before it proposes a compaction.
 */
export function checkReplacement(messages: readonly MessageOutline[]): ReplacementFault | null {
  const edge = emptyEdge(null);
  let lastUnit = 0;
  let lastOpen = 0;
  for (const [index, outline] of messages.entries()) {
    const observed = observe(edge, index + 1, outline);
    if (observed.brokenFrom !== null) return fault('unanswered_call', observed.brokenFrom - 1);
    if (observed.openFrom !== null) return fault('unanswered_call', observed.openFrom - 1);
    if (observed.hidden === 'empty') return fault('empty_message', index);
    if (observed.hidden === 'before_first_user') return fault('first_not_user', index);
    const { parts } = observed.shown;
    const orphaned = outline.parts.some(
      (part, at) => part.link === 'result' && (parts === null || (parts !== 'all' && !parts.includes(at))),
    );
    if (orphaned) return fault('orphaned_result', index);
    lastUnit = edge.unitFrom ?? 0;
    lastOpen = edge.openFrom ?? 0;
  }
  if (lastUnit > 0) return fault('unanswered_call', lastUnit - 1);
  if (lastOpen > 0) return fault('unanswered_call', lastOpen - 1);
  return null;
}

function fault(reason: ReplacementFault['reason'], index: number): ReplacementFault {
  return { reason, index, message: `replacement[${index}] ${remedies[reason]}` };
}

const remedies: Readonly<Record<ReplacementFault['reason'], string>> = {
  empty_message: 'has no content that a model would see; leave it out.',
  first_not_user:
    'comes before any user message; start with a user message, after system messages if there are any.',
  orphaned_result: 'has a tool result whose call is not before it; include the call or leave the result out.',
  unanswered_call:
    'has a tool call without a result; include the result, or keep the turn live with "up_to_seq".',
};
