import type { MessageShape, StoredMessage, WindowMessage } from '../message/message.js';

/**
 * The messages as the AI SDK's `useChat` shows them, without `seq`, `tokenCount` and `insertedAt`:
 * `useChat({ messages: toUIMessages(await ctx.getTail()) })`.
 */
export function toUIMessages<M extends MessageShape>(
  messages: readonly (StoredMessage<M> | WindowMessage<M>)[],
): M[] {
  return messages.map((message) => {
    const { seq: _, tokenCount: __, insertedAt: ___, ...rest } = message;
    return rest as unknown as M;
  });
}
