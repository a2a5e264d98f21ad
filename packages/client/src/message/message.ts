import type { MessageAnswer, MessageBody } from '@fastpaca/protocol';

/** A part: a `type`, and whatever else belongs to it. It is stored and returned as sent. */
export interface Part {
  readonly type: string;
  readonly [member: string]: unknown;
}

/**
 * The shape of a message. The AI SDK's `UIMessage` is one; `client.context<UIMessage>(…)` gives it back
 * as that type.
 */
export interface MessageShape {
  readonly role: string;
  readonly parts: readonly { readonly type: string }[];
  readonly metadata?: unknown;
}

/** A message as it is read where no other type was asked for. */
export interface Message extends MessageShape {
  readonly parts: readonly Part[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A message to append. `seq` and `insertedAt` of a message that was read are not sent. */
export interface MessageInput {
  /** Makes the append safe to retry, also by another process: the same id is appended once. */
  readonly id?: string | undefined;
  readonly role: string;
  readonly parts: readonly (Part | { readonly type: string })[];
  readonly metadata?: unknown;
  /** Tokens of the message, used verbatim. Default: the server counts. */
  readonly tokenCount?: number | undefined;
}

interface StoredFields {
  /** The id that was sent, else `seq-N`, or `window-N` for a replacement message. */
  readonly id: string;
  readonly tokenCount: number;
  /** ISO 8601, UTC. */
  readonly insertedAt: string;
}

/** A message of the log. */
export type StoredMessage<M extends MessageShape = Message> = M & StoredFields & { readonly seq: number };

/** A message of the window; a replacement message, such as a summary, has no `seq`. */
export type WindowMessage<M extends MessageShape = Message> = M & StoredFields & { readonly seq?: number };

/** The wire form of a message to append. */
export function toBody(message: MessageInput, tokenCount = message.tokenCount): MessageBody {
  const { id, role, parts, metadata } = message;
  return {
    role,
    parts: parts as MessageBody['parts'],
    ...(tokenCount === undefined ? {} : { token_count: tokenCount }),
    ...(metadata === undefined ? {} : { metadata: metadata as NonNullable<MessageBody['metadata']> }),
    ...(id === undefined ? {} : { id }),
  };
}

/** A message of the log, as the caller's type. The server returns what was sent, so the type is the caller's word. */
export function toStored<M extends MessageShape>(answer: MessageAnswer): StoredMessage<M> {
  const { seq } = answer;
  return { ...content(answer, `seq-${seq}`), seq } as unknown as StoredMessage<M>;
}

/** @param index place in the window: names a replacement message that has no id */
export function toWindowMessage<M extends MessageShape>(
  answer: Omit<MessageAnswer, 'seq'> & { readonly seq?: number | null | undefined },
  index: number,
): WindowMessage<M> {
  const { seq } = answer;
  // The server answers null where the schema of the wire leaves it out.
  const message =
    typeof seq !== 'number' ? content(answer, `window-${index + 1}`) : toStored(answer as MessageAnswer);
  return message as unknown as WindowMessage<M>;
}

/** The server answers `{}` for no metadata; a message that was sent without any comes back without any. */
function content(answer: Omit<MessageAnswer, 'seq'>, id: string): StoredFields & Message {
  const { role, parts, metadata } = answer;
  return {
    id: answer.id ?? id,
    role,
    parts,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    tokenCount: answer.token_count,
    insertedAt: answer.inserted_at,
  };
}
