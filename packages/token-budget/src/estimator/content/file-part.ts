import { BASE_IMAGE_TOKENS } from '../media/image.js';
import { essence } from '../media/media-type.js';
import { mediaContent, mediaOf, type Media } from '../media/media.js';
import type { PartContent } from './part-content.js';
import { isRecord, stringMember, type JsonRecord } from './record.js';

const IMAGE_TYPES = new Set(['image', 'image_url', 'input_image']);

/** Members that hold a file, or say where it lies, in the order they are asked. */
const SOURCE_MEMBERS = ['data', 'file_data', 'url', 'image_url', 'image', 'file_url', 'file'];

/**
 * Content of an image or file part in any of the shapes in use: AI SDK `file {mediaType, url}` and
 * `image {image, mediaType}`, OpenAI `image_url {image_url: {url, detail}}`, `input_image {image_url}`,
 * `input_file {file_data}` and `file {file: {file_data}}`, Anthropic `image {source: {type, media_type, data}}`.
 */
export function filePartContent(part: JsonRecord, type: string): PartContent {
  if (part['detail'] === 'low' || nested(part, 'image_url')?.['detail'] === 'low') {
    return { texts: [], flat: BASE_IMAGE_TOKENS };
  }
  const holder = nested(part, 'source') ?? nested(part, 'image_url') ?? nested(part, 'file') ?? part;
  return mediaContent(mediaIn(holder, part, IMAGE_TYPES.has(type)));
}

function mediaIn(holder: JsonRecord, part: JsonRecord, isImage: boolean): Media {
  const declared = declaredType(holder) || declaredType(part) || (isImage ? 'image/*' : '');
  const source = sourceOf(holder);
  if (source === null) return { mediaType: declared, data: null };
  // Anthropic's plain text document: `source {type: "text", media_type: "text/plain", data}`.
  if (holder['type'] === 'text') return { mediaType: declared, data: { text: source } };
  return mediaOf(source, declared);
}

function sourceOf(holder: JsonRecord): string | null {
  for (const member of SOURCE_MEMBERS) {
    const source = stringMember(holder, member);
    if (source !== null && source !== '') return source;
  }
  return null;
}

function declaredType(record: JsonRecord): string {
  return essence(record['mediaType'] ?? record['media_type'] ?? record['mimeType'] ?? record['mime_type']);
}

function nested(record: JsonRecord, key: string): JsonRecord | null {
  const value = record[key];
  return isRecord(value) ? value : null;
}
