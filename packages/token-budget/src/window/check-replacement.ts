import type { MessageOutline } from '../outline/outline.js';
import { closeEdge, emptyEdge, observe, tidyEdge } from './edge.js';
import type { Closing } from './edge.js';
import { isMisplacedCall } from './parts.js';
import type { ShownParts } from './parts.js';

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
  for (const [index, outline] of messages.entries()) {
    const observed = observe(edge, index + 1, outline);
    const unanswered = firstUnanswered(observed.closingBefore);
    if (unanswered !== null) return fault('unanswered_call', unanswered - 1);
    if (observed.hidden === 'empty') return fault('empty_message', index);
    if (observed.hidden === 'before_first_user') return fault('first_not_user', index);
    if (outline.parts.some((part) => isMisplacedCall(outline, part))) return fault('unanswered_call', index);
    if (hidesResult(outline, observed.shown.parts)) return fault('orphaned_result', index);
    if (observed.closesAfter) {
      const left = firstUnanswered(closeEdge(edge));
      if (left !== null) return fault('unanswered_call', left - 1);
    }
    tidyEdge(edge);
  }
  const left = firstUnanswered(closeEdge(edge));
  return left === null ? null : fault('unanswered_call', left - 1);
}

/** The message number of a call that was not answered. */
function firstUnanswered(closing: Closing | null): number | null {
  if (closing === null) return null;
  return closing.broken[0]?.toSeq ?? closing.openFrom;
}

function hidesResult(outline: MessageOutline, shown: ShownParts): boolean {
  return outline.parts.some(
    ({ link }, index) => link === 'result' && (shown === null || (shown !== 'all' && !shown.includes(index))),
  );
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
