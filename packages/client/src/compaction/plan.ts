import type { Message, MessageShape, WindowMessage } from '../message/message.js';

/** What a summary will stand for. */
export interface SummaryPlan<M extends MessageShape = Message> {
  /** The beginning of the window: what was read, and must still be there when the summary is written. */
  readonly prefix: readonly WindowMessage<M>[];
  /** System messages at the beginning: they stay before the summary. */
  readonly leading: readonly WindowMessage<M>[];
  /** Other messages that are pinned, and what answers their calls: they stay behind the summary. */
  readonly pinned: readonly WindowMessage<M>[];
  /** The rest, with the summary before this one. */
  readonly summarised: readonly WindowMessage<M>[];
  readonly upToSeq: number;
}

/**
 * Cuts a window before its last `keepTurns` turns, or before fewer of them where else there would be
 * nothing to summarise. Null: the last turn is all there is.
 */
export function planSummary<M extends MessageShape>(
  messages: readonly WindowMessage<M>[],
  keepTurns: number,
): SummaryPlan<M> | null {
  const starts = messages.flatMap(({ role, seq }, index) =>
    role === 'user' && seq !== undefined ? [index] : [],
  );
  for (let keep = Math.min(keepTurns, starts.length); keep >= 1; keep--) {
    const cut = starts[starts.length - keep];
    const seq = cut === undefined ? undefined : messages[cut]?.seq;
    if (cut === undefined || seq === undefined) continue;
    const plan = divide(messages.slice(0, cut), seq - 1);
    if (plan.summarised.some((message) => message.seq !== undefined)) return plan;
  }
  return null;
}

function divide<M extends MessageShape>(
  prefix: readonly WindowMessage<M>[],
  upToSeq: number,
): SummaryPlan<M> {
  const rest = prefix.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  const head = rest === -1 ? prefix : prefix.slice(0, rest);
  const body = rest === -1 ? [] : prefix.slice(rest);
  const staying = withAnswers(
    body,
    new Set(body.filter((message) => isPinned(message) && !isSummary(message))),
  );
  return {
    prefix,
    leading: head.filter((message) => !isSummary(message)),
    pinned: body.filter((message) => staying.has(message)),
    summarised: [...head.filter(isSummary), ...body.filter((message) => !staying.has(message))],
    upToSeq,
  };
}

/** A pinned call takes its result with it, and a pinned result its call. */
function withAnswers<M extends MessageShape>(
  messages: readonly WindowMessage<M>[],
  pinned: ReadonlySet<WindowMessage<M>>,
): ReadonlySet<WindowMessage<M>> {
  const staying = new Set(pinned);
  for (let size = -1; size !== staying.size;) {
    size = staying.size;
    const ids = new Set([...staying].flatMap(callIds));
    for (const message of messages) if (callIds(message).some((id) => ids.has(id))) staying.add(message);
  }
  return staying;
}

const idNames = ['call_id', 'tool_call_id', 'toolCallId', 'tool_use_id'];

function callIds({ parts }: MessageShape): unknown[] {
  return parts.flatMap((part) => {
    const raw = part as Readonly<Record<string, unknown>>;
    const isCall = /tool|function/.test(part.type);
    return [...idNames, ...(isCall ? ['id'] : [])]
      .map((name) => raw[name])
      .filter((id) => typeof id === 'string');
  });
}

function isPinned(message: MessageShape): boolean {
  const flagged = (metadata: unknown): boolean =>
    typeof metadata === 'object' && metadata !== null && 'pinned' in metadata && metadata.pinned === true;
  return (
    flagged(message.metadata) || message.parts.some((part) => 'metadata' in part && flagged(part.metadata))
  );
}

/** Whether `autoCompact` wrote this message: the next summary takes it in. */
export function isSummary({ metadata }: MessageShape): boolean {
  return (
    typeof metadata === 'object' && metadata !== null && 'summary' in metadata && metadata.summary === true
  );
}

/** Whether the window still begins with what was summarised: nobody else has compacted it. */
export function stillBeginsWith<M extends MessageShape>(
  messages: readonly WindowMessage<M>[],
  prefix: readonly WindowMessage<M>[],
): boolean {
  return prefix.every((message, index) => {
    const now = messages[index];
    if (now === undefined || now.seq !== message.seq) return false;
    // A message of the log never changes; one of a replacement has no other name than its content.
    return message.seq !== undefined || JSON.stringify(now.parts) === JSON.stringify(message.parts);
  });
}
