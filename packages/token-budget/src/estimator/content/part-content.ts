import { kindOf } from '../../outline/classify-part.js';
import { mediaContent } from '../media/media.js';
import { compactJson } from './compact-json.js';
import { filePartContent } from './file-part.js';
import { isRecord, stringMember, type JsonRecord } from './record.js';

/** What of a part is counted: texts to tokenize, and tokens known without. */
export interface PartContent {
  readonly texts: readonly string[];
  readonly flat: number;
}

const NOTHING: PartContent = { texts: [], flat: 0 };

/** Where a part that is text keeps it: `text` first, then Anthropic's `thinking` and OpenAI's `refusal`. */
const TEXT_MEMBERS = ['text', 'thinking', 'reasoning', 'refusal'];

/** Where the tool formats in use keep what the model wrote to a tool and read from it. */
const TOOL_MEMBERS = [
  'input',
  'args',
  'arguments',
  'parameters',
  'output',
  'result',
  'content',
  'response',
  'errorText',
  'error',
];

/** OpenAI's `tool_call {function: {arguments}}`, AI SDK 4's and Gemini's parts keep them one level down. */
const TOOL_WRAPPERS = ['function', 'toolInvocation', 'functionCall', 'functionResponse'];

/** Members that are not text to the model: signatures and encrypted state, metadata, options of the call. */
const OPAQUE_MEMBERS = new Set([
  'signature',
  'thought_signature',
  'thoughtSignature',
  'encrypted_content',
  'metadata',
  'providerMetadata',
  'callProviderMetadata',
  'resultProviderMetadata',
  'providerOptions',
  'cache_control',
]);

/**
 * What a part counts as. Anything is accepted: parts come from clients.
 *
 * - text and reasoning: their text.
 * - tools: input and output, a string as it is and anything else as compact JSON; images in it as images.
 * - images and files: see `filePartContent`.
 * - `source-*`, `step-start`, `data-*`: nothing, they do not reach the model.
 * - anything else: its text if it has one, else its compact JSON without signatures and metadata.
 */
export function partContent(part: unknown): PartContent {
  if (typeof part === 'string') return { texts: [part], flat: 0 };
  if (!isRecord(part)) return part === null || part === undefined ? NOTHING : jsonContent(part);
  const type = stringMember(part, 'type') ?? '';
  const kind = kindOf(type);
  switch (kind) {
    case 'tool':
      return toolContent(part) ?? (hasCallId(part) ? NOTHING : restContent(part));
    case 'file':
      return filePartContent(part, type);
    case 'source':
    case 'data':
    case 'step':
      return NOTHING;
    case 'text':
    case 'reasoning':
    case 'other':
      return textContent(part) ?? restContent(part);
  }
}

function textContent(part: JsonRecord): PartContent | null {
  for (const member of TEXT_MEMBERS) {
    const text = stringMember(part, member);
    if (text !== null) return { texts: [text], flat: 0 };
  }
  return null;
}

/** The AI SDK's parts of a call whose input is still to come hold an id and a state only. */
function hasCallId(part: JsonRecord): boolean {
  return typeof part['toolCallId'] === 'string';
}

/** Null if the part has none of the known members. */
function toolContent(part: JsonRecord): PartContent | null {
  const wrapped = TOOL_WRAPPERS.map((wrapper) => part[wrapper]).filter(isRecord);
  const found: PartContent[] = [];
  for (const record of [part, ...wrapped]) {
    for (const member of TOOL_MEMBERS) {
      const value = record[member];
      if (value !== undefined && value !== null) found.push(jsonContent(value));
    }
  }
  return found.length === 0 ? null : joined(found);
}

/** A part in no known shape. Files with a media type of their own (`document`, `input_audio`) are files. */
function restContent(part: JsonRecord): PartContent {
  const { type } = part;
  if (type === 'document' || type === 'reasoning-file') return filePartContent(part, type);
  return jsonContent(Object.fromEntries(Object.entries(part).filter(([key]) => !OPAQUE_MEMBERS.has(key))));
}

/** A string as it is: the model sees it so. Anything else as compact JSON. */
function jsonContent(value: unknown): PartContent {
  if (typeof value === 'string' && !/^data:/i.test(value.slice(0, 5))) return { texts: [value], flat: 0 };
  const { json, media } = compactJson(value);
  if (media.length === 0) return { texts: [json], flat: 0 };
  return joined([{ texts: [json], flat: 0 }, ...media.map(mediaContent)]);
}

function joined(contents: readonly PartContent[]): PartContent {
  return {
    texts: contents.flatMap((content) => content.texts),
    flat: contents.reduce((sum, content) => sum + content.flat, 0),
  };
}
