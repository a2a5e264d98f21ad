/** Types under `application/` whose bytes are text. */
const TEXT_APPLICATIONS = new Set(
  [
    'json',
    'jsonl',
    'x-ndjson',
    'xml',
    'yaml',
    'x-yaml',
    'toml',
    'sql',
    'javascript',
    'typescript',
    'x-sh',
    'csv',
  ].map((subtype) => `application/${subtype}`),
);

/** The essence of a media type: `Text/Plain; charset=utf-8` is `text/plain`. */
export function essence(mediaType: unknown): string {
  if (typeof mediaType !== 'string') return '';
  return mediaType.slice(0, 256).split(';', 1).join('').trim().toLowerCase();
}

/** Whether a file of that type is text for a model, and counted by it. */
export function isTextType(mediaType: string): boolean {
  if (mediaType.startsWith('text/') || /\+(?:json|xml|yaml)$/.test(mediaType)) return true;
  return TEXT_APPLICATIONS.has(mediaType);
}
