import { decodeOutline, type MessageOutline } from '@fastpaca/token-budget';
import type { BackupMessageLine } from '@fastpaca/protocol';

import { bodyText } from '../message/encode-message.js';
import { encodeStored } from '../message/stored-message.js';

/**
 * A message of a backup as it is stored; null where body and outline do not belong together. The body
 * must be what the gateway would have made of the same message: windows cut parts out of it by the spans
 * of its outline, and a wrong span would make an answer that is no JSON.
 */
export function storedOf(
  encodedOutline: Uint8Array,
  body: Buffer,
  message: BackupMessageLine['message'],
): Uint8Array | null {
  const outline = outlineOf(encodedOutline);
  if (outline === null || outline.parts.length !== message.parts.length) return null;
  const parts = outline.parts.map(({ start, end }) => body.toString('utf8', start, end));
  if (!parts.every((part, index) => typeOf(part) === outline.parts[index]?.type)) return null;
  if (outline.tokens !== message.token_count) return null;

  const metadata = metadataText(body, outline, message);
  const { id, role, token_count, inserted_at } = message;
  const input = { ...(id === undefined ? {} : { id }), role, parts: message.parts };
  const encoded = bodyText(input, { parts, metadata }, token_count, inserted_at);
  if (!body.equals(Buffer.from(encoded.text))) return null;
  const placed = encoded.spans.every(({ start, end }, index) => {
    const part = outline.parts[index];
    return part?.start === start && part.end === end;
  });
  return placed ? encodeStored(outline, body) : null;
}

function outlineOf(bytes: Uint8Array): MessageOutline | null {
  try {
    return decodeOutline(bytes);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The type of a part that is a whole JSON object; null for anything else. */
function typeOf(text: string): unknown {
  try {
    const part: unknown = JSON.parse(text);
    return typeof part === 'object' && part !== null && 'type' in part ? part.type : null;
  } catch {
    return null;
  }
}

/** The text between the parts and the token count: as the client wrote it. */
function metadataText(
  body: Buffer,
  outline: MessageOutline,
  { token_count, inserted_at }: BackupMessageLine['message'],
): string {
  const from = (outline.parts.at(-1)?.end ?? 0) + '],"metadata":'.length;
  const after = `,"token_count":${token_count},"inserted_at":"${inserted_at}"}`;
  return body.toString('utf8', from, body.length - Buffer.byteLength(after));
}
