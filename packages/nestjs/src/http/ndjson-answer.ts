import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { backupContentType } from '@fastpaca/protocol';
import type { HttpRequest } from './exchange.js';

/** Of a backup, and of the messages of a context. */
export const ndjsonType = backupContentType;

/**
 * Lines as the body of an answer. HEAD gets none of them: frameworks run its handler like that of GET and read the body to its
 * end, which for a backup is everything that is stored.
 */
export function ndjsonAnswer({ method }: HttpRequest, lines: AsyncIterable<Uint8Array>): StreamableFile {
  const body = Readable.from(lines, { objectMode: false });
  if (method !== 'HEAD') return new StreamableFile(body, { type: ndjsonType });
  body.destroy();
  return new StreamableFile(Readable.from([]), { type: ndjsonType });
}
