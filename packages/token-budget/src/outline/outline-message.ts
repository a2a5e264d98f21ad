import type { MessageTokens } from '../estimator/estimator.js';
import { isBlank, isRecord, kindOf, linkOf, resultIdOf } from './classify-part.js';
import type { RawPart } from './classify-part.js';
import type { MessageOutline, PartOutline, PartSpan, RoleClass } from './outline.js';

/**
 * Most tokens of one message. A window sums them, and nine million messages of this size still sum
 * to an integer that a double holds exactly.
 */
export const maximumMessageTokens = 1_000_000_000;

/** What `outlineMessage` reads of a message. */
export interface OutlineInput {
  readonly role: string;
  /** Objects with a `type`; of anything else only the place is kept. */
  readonly parts: readonly unknown[];
  readonly metadata?: unknown;
}

/** Tokens of a message and of its parts. `parts` sum to at most `total`; the rest is overhead. */
export type TokenShares = MessageTokens;

/**
 * Reads off a message what the window rules need.
 *
 * `tokens` is what an estimator's `countMessage` gave, or `shareTokens` of the client's
 * `token_count`. `partSpans` are the byte ranges of the parts in the body as it is stored, so that
 * a window that drops parts can copy ranges and parse nothing.
 *
 * @throws RangeError if `tokens` or `partSpans` do not belong to this message, or the message has more
 *   than `maximumMessageTokens`.
 */
export function outlineMessage(
  message: OutlineInput,
  tokens: TokenShares,
  partSpans: readonly PartSpan[],
): MessageOutline {
  const { parts } = message;
  if (!Number.isInteger(tokens.total) || tokens.total < 0 || tokens.total > maximumMessageTokens) {
    throw new RangeError(
      `A message has from 0 to ${maximumMessageTokens} tokens in whole numbers, got ${tokens.total}.`,
    );
  }
  if (tokens.parts.length !== parts.length || partSpans.length !== parts.length) {
    throw new RangeError(
      `A message of ${parts.length} parts needs as many token counts and spans, ` +
        `got ${tokens.parts.length} and ${partSpans.length}.`,
    );
  }
  const role = roleClass(message.role);
  const outlines: PartOutline[] = [];
  let sum = 0;
  for (let i = 0; i < parts.length; i++) {
    const span = partSpans[i] ?? noSpan;
    const count = tokens.parts[i] ?? 0;
    sum += count;
    outlines.push(outlinePart(parts[i], count, span, role === 'tool'));
  }
  if (sum > tokens.total) {
    throw new RangeError(`The parts have ${sum} tokens, more than the message's ${tokens.total}.`);
  }
  const pinned = asksForPin(message.metadata);
  return {
    role,
    tokens: tokens.total,
    pinned,
    parts: role === 'tool' ? answerByMetadata(outlines, message.metadata) : outlines,
  };
}

/**
 * Splits a client's `token_count` over the parts in proportion to `weights` (an estimate, or bytes),
 * so that what is left after dropping parts is a share of the very number the client gave. Up to 3
 * tokens stay with the message itself, as in an estimate. The parts and that rest sum to `total`.
 */
export function shareTokens(total: number, weights: readonly number[]): TokenShares {
  const shared = total - Math.min(messageOverheadTokens, total);
  let weight = 0;
  for (const each of weights) weight += each;
  const parts: number[] = [];
  let seen = 0;
  let given = 0;
  for (const each of weights) {
    seen += each;
    // Cumulative rounding: no part is off by more than one token, and the last one ends at `shared`.
    const upTo = weight === 0 ? 0 : Math.floor(shared * (seen / weight));
    parts.push(upTo - given);
    given = upTo;
  }
  return { total, parts };
}

/** `MESSAGE_OVERHEAD_TOKENS` of the estimators, which this file would load with the constant. */
const messageOverheadTokens = 3;

const noSpan: PartSpan = { start: 0, end: 0 };

function outlinePart(part: unknown, tokens: number, span: PartSpan, inToolMessage: boolean): PartOutline {
  const raw: RawPart = isRecord(part) ? part : {};
  const type = typeof raw['type'] === 'string' ? raw['type'] : '';
  const named = kindOf(type);
  const { link, callId } = linkOf(raw, type, named, inToolMessage);
  return {
    // The text of a chat-completions tool message is a tool's output.
    kind: link === 'result' ? 'tool' : named,
    type,
    tokens,
    start: span.start,
    end: span.end,
    link,
    callId,
    pinned: asksForPin(raw['metadata']),
    blank: link === 'none' && isBlank(raw, named),
  };
}

/** A tool message whose parts name no call may do so in its metadata: `{"tool_call_id": "…"}`. */
function answerByMetadata(parts: readonly PartOutline[], metadata: unknown): readonly PartOutline[] {
  if (!isRecord(metadata) || parts.some((part) => part.link !== 'none')) return parts;
  const callId = resultIdOf(metadata);
  if (callId === null) return parts;
  return parts.map((part) => ({ ...part, kind: 'tool', link: 'result', callId, blank: false }));
}

function asksForPin(metadata: unknown): boolean {
  return isRecord(metadata) && metadata['pinned'] === true;
}

function roleClass(role: string): RoleClass {
  switch (role) {
    case 'user':
    case 'assistant':
    case 'system':
    case 'tool':
      return role;
    case 'developer':
      return 'system';
    case 'function':
      return 'tool';
    default:
      return 'other';
  }
}
