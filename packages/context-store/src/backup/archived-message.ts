import { outlineMessage, shareTokens } from '@fastpaca/token-budget';

import { encodeStored } from '../message/stored-message.js';
import type { JsonObject } from '../context/context-view.js';

interface ArchivedJson {
  readonly role: string;
  readonly parts: readonly JsonObject[];
  readonly metadata: JsonObject;
  readonly token_count: number;
}

/**
 * A message as it is stored, made of its JSON in the archive, which has no outline. The tokens of its
 * parts are estimated from their sum: only windows ask for them, and what a window holds is never trimmed.
 *
 * @param json `{"seq":N,` and the body, as the store wrote it
 */
export function storedFromArchive(json: Uint8Array): Uint8Array {
  const body = Buffer.from(json.buffer, json.byteOffset, json.length).subarray(json.indexOf(0x2c) + 1);
  const message = JSON.parse(`{${body.toString('utf8')}`) as ArchivedJson;
  const spans = partSpans(body, message.role, message.parts.length);
  const tokens = shareTokens(
    message.token_count,
    spans.map(({ start, end }) => end - start),
  );
  return encodeStored(outlineMessage(message, tokens, spans), body);
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const opening: ReadonlySet<number> = new Set(Buffer.from('{['));
const closing: ReadonlySet<number> = new Set(Buffer.from('}]'));

/** Byte ranges of the parts: the elements of the array that follows the role. */
function partSpans(body: Buffer, role: string, count: number): { start: number; end: number }[] {
  const head = `"role":${JSON.stringify(role)},"parts":[`;
  const spans: { start: number; end: number }[] = [];
  let start = body.indexOf(head) + Buffer.byteLength(head);
  let depth = 0;
  for (let at = start; spans.length < count && at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    if (byte === quote) at = endOfString(body, at);
    else if (opening.has(byte)) depth += 1;
    else if (closing.has(byte)) depth -= 1;
    if (depth > 0 || byte === comma || byte === quote) continue;
    spans.push({ start, end: at + 1 });
    // The comma after the part.
    start = at + 2;
  }
  return spans;
}

function endOfString(body: Buffer, from: number): number {
  let at = from + 1;
  while (body[at] !== quote) at += body[at] === backslash ? 2 : 1;
  return at;
}
