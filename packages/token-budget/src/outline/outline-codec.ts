import { ByteReader, ByteWriter } from './bytes.js';
import type { MessageOutline, PartKind, PartLink, PartOutline, RoleClass } from './outline.js';

/**
 * ```
 * version=1 · role | pinned<<4 · tokens · parts ·
 *   per part: kind | link<<4 | pinned<<6 | blank<<7 · type · tokens · gap · length · [callId]
 * ```
 * Numbers are LEB128; `gap` is the distance from the end of the part before. `type` is an index
 * into `commonTypes` plus 1, or 0 and a string. The lists below are part of the format: append, never reorder.
 */
const version = 1;

const roles: readonly RoleClass[] = ['system', 'user', 'assistant', 'tool', 'other'];
const kinds: readonly PartKind[] = ['text', 'tool', 'reasoning', 'file', 'source', 'data', 'step', 'other'];
const links: readonly PartLink[] = ['none', 'call', 'result', 'open'];
const commonTypes: readonly string[] = [
  'text',
  'reasoning',
  'step-start',
  'file',
  'dynamic-tool',
  'tool_call',
  'tool_result',
  'tool_use',
  'function_call',
  'function_call_output',
  'tool-call',
  'tool-result',
  'thinking',
  'redacted_thinking',
  'image',
  'image_url',
  'input_text',
  'output_text',
  'source-url',
  'source-document',
];

const roleCode = codes(roles);
const kindCode = codes(kinds);
const linkCode = codes(links);
const typeCode = codes(commonTypes);

const pinnedMessageBit = 0x10;
const pinnedPartBit = 0x40;
const blankPartBit = 0x80;

const writer = new ByteWriter();

/** Compact bytes of an outline, to be stored beside the message's body. About 8 bytes for one text part. */
export function encodeOutline(outline: MessageOutline): Uint8Array {
  writer.reset();
  writer.byte(version);
  writer.byte((roleCode.get(outline.role) ?? 0) | (outline.pinned ? pinnedMessageBit : 0));
  writer.uint(outline.tokens);
  writer.uint(outline.parts.length);
  let end = 0;
  for (const part of outline.parts) {
    writePart(part, end);
    end = part.end;
  }
  return writer.take();
}

/**
 * The outline that `encodeOutline` encoded. `decodeOutline(bytes, offset)` reads it from inside of a
 * longer record and ignores what follows it.
 *
 * @throws RangeError if the bytes are not an outline, or of a version that this release does not know.
 */
export function decodeOutline(bytes: Uint8Array, offset = 0): MessageOutline {
  const reader = new ByteReader(bytes, offset);
  const found = reader.byte();
  if (found !== version) throw new RangeError(`Outline version ${found} is not known; upgrade this node.`);
  const head = reader.byte();
  const tokens = reader.uint();
  const count = reader.uint();
  const parts: PartOutline[] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const part = readPart(reader, end);
    end = part.end;
    parts.push(part);
  }
  return { role: at(roles, head & 0x0f), tokens, pinned: (head & pinnedMessageBit) !== 0, parts };
}

function writePart(part: PartOutline, previousEnd: number): void {
  writer.byte(
    (kindCode.get(part.kind) ?? 0) |
      ((linkCode.get(part.link) ?? 0) << 4) |
      (part.pinned ? pinnedPartBit : 0) |
      (part.blank ? blankPartBit : 0),
  );
  const type = typeCode.get(part.type);
  if (type === undefined) {
    writer.uint(0);
    writer.string(part.type);
  } else {
    writer.uint(type + 1);
  }
  writer.uint(part.tokens);
  writer.uint(part.start - previousEnd);
  writer.uint(part.end - part.start);
  if (part.link === 'call' || part.link === 'result') writer.string(part.callId);
}

function readPart(reader: ByteReader, previousEnd: number): PartOutline {
  const head = reader.byte();
  const link = at(links, (head >> 4) & 0x03);
  const typeIndex = reader.uint();
  const type = typeIndex === 0 ? reader.string() : at(commonTypes, typeIndex - 1);
  const tokens = reader.uint();
  const start = previousEnd + reader.uint();
  const end = start + reader.uint();
  const callId = link === 'call' || link === 'result' ? reader.string() : '';
  return {
    kind: at(kinds, head & 0x0f),
    type,
    tokens,
    start,
    end,
    link,
    callId,
    pinned: (head & pinnedPartBit) !== 0,
    blank: (head & blankPartBit) !== 0,
  };
}

function codes<T extends string>(names: readonly T[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, index) => [name, index]));
}

function at<T>(names: readonly T[], index: number): T {
  const name = names[index];
  if (name === undefined)
    throw new RangeError(`The encoded outline names entry ${index}, which is not known.`);
  return name;
}
