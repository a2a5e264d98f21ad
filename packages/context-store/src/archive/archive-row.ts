import type { ArchiveRow } from '@fastpaca/archiver';

import { messageJson } from '../message/message-json.js';
import { openStored } from '../message/stored-message.js';

const timeMember = '"inserted_at":"';

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
  const head = Buffer.from(body.buffer, body.byteOffset, partsAt).toString();
  const { role } = JSON.parse(`{${head}]}`) as { readonly role: string };
  return role;
}

/** The body ends with its time, behind everything that the client wrote. Milliseconds since 1970. */
export function insertedAt(body: Uint8Array): number {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length);
  const from = buffer.lastIndexOf(timeMember) + timeMember.length;
  return Date.parse(buffer.toString('latin1', from, buffer.indexOf('"', from)));
}
