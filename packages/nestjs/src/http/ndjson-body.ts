import type { FastifyInstance } from 'fastify';
import { backupContentType } from '@fastpaca/protocol';

/** Hands NDJSON to its route as it arrives, whatever its size. */
export function passOnNdjson(fastify: FastifyInstance): void {
  if (fastify.hasContentTypeParser(backupContentType)) return;
  fastify.addContentTypeParser(backupContentType, (_request, payload, done) => {
    done(null, payload);
  });
}

export const isStreamedBody = (contentType: string | undefined): boolean =>
  contentType?.startsWith(backupContentType) === true;
