import type { FileContent } from './content.js';
import { isRecord, text, type RawPart } from './raw.js';

/** A file or image in the AI SDK's, OpenAI's or Anthropic's form; null where the part is none. */
export function readFile(part: RawPart, type: string): FileContent | null {
  switch (type) {
    case 'file': {
      const inner = isRecord(part['file']) ? part['file'] : null;
      const url = text(part, 'url') ?? (inner === null ? null : text(inner, 'file_data'));
      const filename = text(part, 'filename') ?? (inner === null ? null : text(inner, 'filename'));
      return url === null ? null : file(url, text(part, 'mediaType'), filename);
    }
    case 'input_file': {
      const url = text(part, 'file_data') ?? text(part, 'file_url');
      return url === null ? null : file(url, null, text(part, 'filename'));
    }
    case 'image_url':
    case 'input_image': {
      const inner = part['image_url'];
      const url = isRecord(inner) ? text(inner, 'url') : text(part, 'image_url');
      return url === null ? null : file(url, null, null);
    }
    case 'image':
    case 'document': {
      const source = part['source'];
      return isRecord(source) ? fromSource(source, text(part, 'title')) : null;
    }
    default:
      return null;
  }
}

/** Anthropic's source: base64 or a URL. */
function fromSource(source: RawPart, title: string | null): FileContent | null {
  const mediaType = text(source, 'media_type');
  const data = text(source, 'data');
  if (data !== null && mediaType !== null) return file(`data:${mediaType};base64,${data}`, mediaType, title);
  const url = text(source, 'url');
  return url === null ? null : file(url, mediaType, title);
}

function file(url: string, mediaType: string | null, filename: string | null): FileContent {
  return { kind: 'file', url, mediaType: mediaType ?? typeOfUrl(url), filename };
}

function typeOfUrl(url: string): string {
  if (url.startsWith('data:')) return /^data:([^;,]+)/.exec(url)?.[1] ?? 'text/plain';
  return /\.pdf($|\?)/i.test(url) ? 'application/pdf' : 'image/*';
}

/** Base64 of a data URL; null for another URL. A data URL may also hold percent-encoded bytes. */
export function base64Of(url: string): string | null {
  const match = /^data:[^,]*?(;base64)?,/.exec(url);
  if (match === null) return null;
  const payload = url.slice(match[0].length);
  return match[1] === undefined ? btoa(percentDecoded(payload)) : payload;
}

/** The bytes, each as a character. A `%` that begins no escape stands for itself (WHATWG URL, section 1.3). */
function percentDecoded(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** What stands for a file that the provider takes in no form. */
export function fileNote({ filename, mediaType }: FileContent): string {
  return `[file: ${filename ?? 'unnamed'} (${mediaType})]`;
}
