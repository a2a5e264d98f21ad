import { parseDataUrl } from '../media/data-url.js';
import { essence } from '../media/media-type.js';
import { mediaOf, type Media } from '../media/media.js';
import { isRecord, type JsonRecord } from './record.js';

/** The JSON text of a value, and the images and files that were left out of it. */
export interface JsonContent {
  readonly json: string;
  readonly media: readonly Media[];
}

/** A member name that says the object beside it may hold a file in base64. */
const MEDIA_TYPE_MEMBER = /"(?:mediaType|media_type|mimeType|mime_type)":/;

/**
 * Compact JSON of a value, without the base64 of images and files in it: a screenshot that a tool returns would
 * count as a million tokens of text. Never throws, however deep the value is nested.
 */
export function compactJson(value: unknown): JsonContent {
  const json = nativeJson(value);
  if (json !== null && !json.includes(';base64,') && !MEDIA_TYPE_MEMBER.test(json))
    return { json, media: [] };
  return walk(value);
}

/** JSON.stringify; null where it runs out of stack, some thousand levels deep. */
function nativeJson(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What is still to be written: a text as it is, or a value with the object that holds it. */
type Task = { readonly text: string } | { readonly value: unknown; readonly holder: JsonRecord | null };

/** JSON.stringify without recursion. Strings that are files in base64 become `""`. */
function walk(root: unknown): JsonContent {
  const media: Media[] = [];
  const written: string[] = [];
  const tasks: Task[] = [{ value: root, holder: null }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ('text' in task) written.push(task.text);
    else if (Array.isArray(task.value)) pushArray(tasks, task.value);
    else if (isRecord(task.value)) pushObject(tasks, task.value);
    else if (typeof task.value === 'string') {
      const found = mediaIn(task.value, task.holder);
      if (found !== null) media.push(found);
      written.push(found === null ? JSON.stringify(task.value) : '""');
    } else written.push(JSON.stringify(task.value) ?? 'null');
  }
  return { json: written.join(''), media };
}

function pushArray(tasks: Task[], values: readonly unknown[]): void {
  tasks.push({ text: ']' });
  for (let i = values.length - 1; i >= 0; i -= 1) {
    tasks.push({ value: values[i], holder: null });
    if (i > 0) tasks.push({ text: ',' });
  }
  tasks.push({ text: '[' });
}

function pushObject(tasks: Task[], object: JsonRecord): void {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  tasks.push({ text: '}' });
  for (let i = keys.length - 1; i >= 0; i -= 1) {
    const key = keys[i] as string;
    tasks.push({ value: object[key], holder: isDataMember(key) ? object : null });
    tasks.push({ text: `${i > 0 ? ',' : ''}${JSON.stringify(key)}:` });
  }
  tasks.push({ text: '{' });
}

function isDataMember(key: string): boolean {
  return key === 'data' || key === 'blob' || key === 'base64' || key === 'image';
}

/** A `data:` URL in base64; or base64 in `data` beside a media type, as MCP, Anthropic and the AI SDK write it. */
function mediaIn(text: string, holder: JsonRecord | null): Media | null {
  const url = parseDataUrl(text);
  if (url !== null && 'base64' in url.data) return url;
  if (holder === null || holder['type'] === 'text') return null;
  const { mediaType, media_type, mimeType, mime_type } = holder;
  const type = essence(mediaType ?? media_type ?? mimeType ?? mime_type);
  // What is no base64 is text after all: the plain text source of a document, say.
  if (type === '' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null;
  return mediaOf(text, type);
}
