import type { PartContent } from '../content/part-content.js';
import { parseDataUrl } from './data-url.js';
import { DEFAULT_IMAGE_TOKENS, base64ImageTokens } from './image.js';
import { isTextType } from './media-type.js';

/**
 * Tokens of a file that is neither an image nor inline text (PDF, audio, video, an id, a URL): a flat number,
 * about one page of a PDF. Who knows better passes `token_count`.
 */
export const FILE_TOKENS = 1500;

/** An image or a file, wherever in a part it was found. */
export interface Media {
  /** Lower case, without parameters; '' if unknown. */
  readonly mediaType: string;
  /** The bytes, in base64 or as text; null if they lie elsewhere. */
  readonly data: { readonly base64: string } | { readonly text: string } | null;
}

/** Tokens of an image by its dimensions, of a text file by its text, of any other file the flat number. */
export function mediaContent(media: Media): PartContent {
  const { data } = media;
  if (media.mediaType.startsWith('image/')) {
    const tokens = data !== null && 'base64' in data ? base64ImageTokens(data.base64) : DEFAULT_IMAGE_TOKENS;
    return { texts: [], flat: tokens };
  }
  if (data !== null && 'text' in data) return { texts: [data.text], flat: 0 };
  if (data !== null && isTextType(media.mediaType)) {
    return { texts: [Buffer.from(data.base64, 'base64').toString('utf8')], flat: 0 };
  }
  return { texts: [], flat: FILE_TOKENS };
}

/** The media behind a `data:` URL, a URL, or bare base64. */
export function mediaOf(source: string, mediaType: string): Media {
  const parsed = parseDataUrl(source);
  if (parsed !== null) return { mediaType: mediaType || parsed.mediaType, data: parsed.data };
  if (/^[a-z][a-z0-9+.-]*:/i.test(source.slice(0, 32))) return { mediaType, data: null };
  return { mediaType, data: { base64: source } };
}
