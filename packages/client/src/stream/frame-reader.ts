import type { StreamFrame } from '@fastpaca/protocol';
import { longestTimerMs, untilAborted } from '../http/deadline.js';
import { SseParser } from './sse-parser.js';

/** Why a connection gave no further frame. */
export type StreamEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'silent'; readonly idleTimeoutMs: number }
  | { readonly kind: 'broken'; readonly cause: unknown };

export type NextFrame =
  | { readonly kind: 'frame'; readonly frame: StreamFrame }
  /** Bytes came, but no frame: the connection lives. */
  | { readonly kind: 'sign of life' }
  | StreamEnd;

/** Reads frames from the body of one connection. */
export class FrameReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  // Keeps the first bytes of a character whose last ones are in the next chunk.
  private readonly decoder = new TextDecoder();
  private readonly parser = new SseParser();
  private readonly frames: StreamFrame[] = [];
  private readonly idleTimeoutMs: number;

  constructor(body: ReadableStream<Uint8Array>, idleTimeoutMs: number) {
    this.idleTimeoutMs = idleTimeoutMs;
    this.reader = body.getReader();
  }

  /** @throws the signal's reason, once that is aborted */
  async next(signal: AbortSignal | undefined): Promise<NextFrame> {
    signal?.throwIfAborted();
    const buffered = this.frames.shift();
    if (buffered !== undefined) return { kind: 'frame', frame: buffered };
    try {
      const chunk = await this.read(signal);
      if (chunk === 'silent') return { kind: 'silent', idleTimeoutMs: this.idleTimeoutMs };
      if (chunk.done) return { kind: 'ended' };
      for (const { data } of this.parser.push(this.decoder.decode(chunk.value, { stream: true }))) {
        this.frames.push(JSON.parse(data) as StreamFrame);
      }
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      return { kind: 'broken', cause };
    }
    const frame = this.frames.shift();
    return frame === undefined ? { kind: 'sign of life' } : { kind: 'frame', frame };
  }

  /** Closes the connection. */
  close(): void {
    // Rejects where the body has failed already; then there is nothing to close.
    this.reader.cancel().catch(() => undefined);
  }

  private async read(
    signal: AbortSignal | undefined,
  ): Promise<Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>> | 'silent'> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<'silent'>((resolve) => {
      if (this.idleTimeoutMs > longestTimerMs) return;
      timer = setTimeout(() => {
        resolve('silent');
      }, this.idleTimeoutMs);
    });
    try {
      const next = Promise.race([this.reader.read(), silence]);
      return await (signal === undefined ? next : untilAborted(next, signal));
    } finally {
      clearTimeout(timer);
    }
  }
}
