import {
  decodeOutline,
  encodeOutline,
  maximumMessageTokens,
  type MessageOutline,
} from '@fastpaca/token-budget';

import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { BodyText } from './encode-message.js';

/**
 * A message on disk and in the log: `length of outline, outline, body`. The body is the message's
 * JSON object from its first member to the closing brace, without `{` and without `seq`, so that
 * the gateway can make it before the log has given it a place, and a read only puts
 * `{"seq":N,` in front. The outline's byte spans count from the body's first byte.
 */
export interface OpenedMessage {
  readonly outline: MessageOutline;
  readonly body: Uint8Array;
}

export function encodeStored(outline: MessageOutline, body: Uint8Array): Uint8Array {
  const encoded = encodeOutline(outline);
  return new ByteWriter(encoded.length + body.length + 4).bytes(encoded).raw(body).finish();
}

/** The same of a body that is still text. */
export function storeText(outline: MessageOutline, { text, bytes }: BodyText): Uint8Array {
  const encoded = encodeOutline(outline);
  return new ByteWriter(encoded.length + bytes + 4).bytes(encoded).text(text, bytes).finish();
}

/** @throws MalformedError where the bytes are not a stored message that a window could be cut from. */
export function openStored(stored: Uint8Array): OpenedMessage {
  const reader = new ByteReader(stored);
  const encoded = reader.bytes();
  const body = reader.raw(reader.remaining);
  let outline: MessageOutline;
  try {
    outline = decodeOutline(encoded);
  } catch (cause) {
    throw new MalformedError('An outline cannot be read.', { cause });
  }
  checkOutline(outline, body.length);
  return { outline, body };
}

/** The body alone; the outline is skipped, not decoded. */
export function bodyOf(stored: Uint8Array): Uint8Array {
  const reader = new ByteReader(stored);
  reader.bytes();
  return reader.raw(reader.remaining);
}

/** Sums and slices of the window rely on these; the gateway's outlines hold them by construction. */
function checkOutline(outline: MessageOutline, bodyLength: number): void {
  if (outline.tokens > maximumMessageTokens) throw new MalformedError('A message has too many tokens.');
  let tokens = 0;
  let end = 0;
  for (const part of outline.parts) {
    tokens += part.tokens;
    if (part.start < end || part.end < part.start) throw new MalformedError('Part spans overlap.');
    end = part.end;
  }
  if (tokens > outline.tokens) throw new MalformedError('The parts have more tokens than their message.');
  if (end > bodyLength) throw new MalformedError('A part lies outside of its body.');
}
