import { essence } from './media-type.js';

/** What a `data:` URL holds. */
export interface DataUrl {
  readonly mediaType: string;
  readonly data: { readonly base64: string } | { readonly text: string };
}

/** The longest head of a `data:` URL that is looked at: media type and parameters. */
const MAX_HEAD = 1024;

/** Parses a `data:` URL (RFC 2397); null if the text is none. Never throws. */
export function parseDataUrl(text: string): DataUrl | null {
  if (!/^data:/i.test(text.slice(0, 5))) return null;
  const comma = text.slice(0, MAX_HEAD).indexOf(',');
  if (comma === -1) return null;
  const head = text.slice(5, comma);
  const payload = text.slice(comma + 1);
  const mediaType = essence(head) || 'text/plain';
  if (/;\s*base64\s*$/i.test(head)) return { mediaType, data: { base64: payload } };
  return { mediaType, data: { text: percentDecoded(payload) } };
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
