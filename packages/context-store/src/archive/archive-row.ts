import type { ArchiveRow } from '@fastpaca/archiver';

import { messageJson } from '../message/message-json.js';
import { openStored } from '../message/stored-message.js';

const roleMember = Buffer.from('"role":"');
const quote = 0x22;
const backslash = 0x5c;

/** A message on its way to the archive. Of its JSON only the two members are read that a row needs apart. */
export function archiveRow(
  context: { readonly contextId: string; readonly life: string },
  seq: number,
  stored: Uint8Array,
): ArchiveRow {
  const { outline, body } = openStored(stored);
  return {
    contextId: context.contextId,
    life: context.life,
    seq,
    role: roleOf(body, outline.parts[0]?.start ?? 0),
    body: messageJson(seq, body),
    tokenCount: outline.tokens,
    insertedAt: insertedAt(body),
  };
}

/** The body up to its first part is `"id":…,"role":…,"parts":[`, and the id may be left out. */
function roleOf(body: Uint8Array, partsAt: number): string {
  const plain = plainRole(body);
  if (plain !== null) return plain;
  const head = Buffer.from(body.buffer, body.byteOffset, partsAt).toString();
  const { role } = JSON.parse(`{${head}]}`) as { readonly role: string };
  return role;
}

/**
 * The role of nearly every message: no id before it, ASCII, nothing escaped. Byte by byte, since a call
 * into the runtime for each step takes ten times as long, and half of the time of a row.
 */
function plainRole(body: Uint8Array): string | null {
  let at = 0;
  for (; at < roleMember.length; at += 1) if (body[at] !== roleMember[at]) return null;
  let role = '';
  for (; body[at] !== quote; at += 1) {
    const byte = body[at] ?? backslash;
    if (byte === backslash || byte > 0x7f) return null;
    role += String.fromCharCode(byte);
  }
  return role;
}

/** The body ends with its time, `…Z"}`, behind everything that the client wrote. Milliseconds since 1970. */
export function insertedAt(body: Uint8Array): number {
  const end = body.length - 2;
  const from = body.lastIndexOf(quote, end - 1) + 1;
  return Date.parse(Buffer.from(body.buffer, body.byteOffset + from, end - from).toString('latin1'));
}
