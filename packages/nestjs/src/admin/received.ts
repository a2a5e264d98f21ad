import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { ApiError } from '../errors/api-error.js';

/**
 * The chunks of a request, read no faster than they are used. Node's own iteration would close the
 * connection where its reader fails, and the client would never see the answer: here what is left is
 * read and forgotten.
 *
 * @param idleMs longest silence while a chunk is waited for
 * @throws ApiError `request_timeout`; the error of a connection that broke off
 */
export async function* received(
  request: Readable,
  idleMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const failed = new AbortController();
  const fail = (error: Error): void => {
    failed.abort(error);
  };
  const brokenOff = (): void => {
    if (!request.readableEnded) fail(new Error('The connection closed before the end of the body'));
  };
  request.on('error', fail).on('close', brokenOff);
  try {
    while (!request.readableEnded) {
      failed.signal.throwIfAborted();
      const chunk = request.read() as Uint8Array | null;
      if (chunk !== null) yield chunk;
      else if (!request.readableEnded) await moreOf(request, failed.signal, idleMs);
    }
  } finally {
    request.off('close', brokenOff).resume();
  }
}

/** Resolves once there may be something to read, or the end. */
async function moreOf(request: Readable, failed: AbortSignal, idleMs: number): Promise<void> {
  const over = new AbortController();
  const silence = AbortSignal.timeout(idleMs);
  const signal = AbortSignal.any([failed, silence, over.signal]);
  try {
    await Promise.race([once(request, 'readable', { signal }), once(request, 'end', { signal })]);
  } catch (error) {
    failed.throwIfAborted();
    if (!silence.aborted) throw error;
    throw new ApiError('request_timeout', `Nothing arrived for ${idleMs / 1000} seconds`);
  } finally {
    over.abort();
  }
}
