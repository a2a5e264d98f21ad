import type { MessageInput, MessageShape, WindowMessage } from '../message/message.js';
import type { SummaryPlan } from './plan.js';

/** The beginning of the window as it will be: system messages, the summary, what is pinned. */
export function replacementOf<M extends MessageShape>(
  plan: SummaryPlan<M>,
  summary: string | readonly MessageInput[],
): MessageInput[] {
  const { leading, pinned } = plan;
  // Providers want the user to begin; a pinned answer would be first without its question.
  const role = pinned.length > 0 && pinned[0]?.role !== 'user' ? 'user' : 'system';
  const messages: readonly MessageInput[] =
    typeof summary === 'string' ? [{ role, parts: [{ type: 'text', text: summary }] }] : summary;
  return [...leading.map(kept), ...messages.map(marked), ...pinned.map(kept)];
}

/** `summary: true` in the metadata says that the next summary may take this one in. */
function marked(message: MessageInput): MessageInput {
  const { metadata } = message;
  const own = typeof metadata === 'object' && metadata !== null ? metadata : {};
  return { ...message, metadata: { ...own, summary: true } };
}

/** As it is, but for an id that it was only given when it was read. */
function kept<M extends MessageShape>(message: WindowMessage<M>): MessageInput {
  const { id, role, parts, metadata, tokenCount } = message;
  const given = id === `seq-${message.seq}` || (message.seq === undefined && /^window-\d+$/.test(id));
  return {
    ...(given ? {} : { id }),
    role,
    parts,
    ...(metadata === undefined ? {} : { metadata }),
    tokenCount,
  };
}
