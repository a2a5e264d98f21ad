import type { Part, StoredMessage, StreamEvent, Window, WindowMessage } from '@fastpaca/fastpaca';
import { counted } from './numbers.js';

/** `12  user       Where is my order?`: further lines of a text are indented below its first. */
export function messageText(message: StoredMessage | WindowMessage): string {
  const role = printable(message.role).replaceAll('\n', ' ');
  const head = `${String(message.seq ?? '-').padStart(6)}  ${role.padEnd(10)}  `;
  const text = message.parts.map(partText).join('\n');
  return head + printable(text).replaceAll('\n', `\n${' '.repeat(head.length)}`);
}

/** Text as it is, anything else by its type and its JSON. */
function partText(part: Part): string {
  const { type, text, ...rest } = part;
  if (typeof text === 'string') return type === 'text' ? text : `[${type}] ${text}`;
  return `[${type}] ${JSON.stringify(rest)}`;
}

/** What somebody stored must not move the cursor of the terminal, or worse. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- they are what must not reach the terminal
  text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');

export function windowText(window: Window): string {
  const lines = window.messages.map(messageText);
  const state = window.needsCompaction ? ', needs compaction' : '';
  const sum = `${counted(window.messages.length, 'message')}, ${counted(window.usedTokens, 'token')}, version ${window.version}${state}`;
  return [...lines, sum].join('\n');
}

/** What a followed context shows of an event; null for nothing. */
export function eventText(event: StreamEvent): string | null {
  switch (event.type) {
    case 'message':
      return messageText(event.message);
    case 'compaction':
      return `     -- compacted, version ${event.version}`;
    case 'tombstoned':
      return '     -- the context was deleted';
    case 'reset':
      return '     -- the context was erased and created anew';
    case 'gap':
      return '     -- some of the past cannot be read any more';
    case 'context':
      return null;
  }
}
