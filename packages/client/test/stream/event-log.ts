import type { ServerResponse } from 'node:http';
import type { Step } from '../scripted-node.js';

/**
 * What a stream of the wire contract sends for a history of writes, made without any code of the
 * client or the server: each write appends `batch` messages and may compact.
 */
export interface Write {
  readonly batch: number;
  readonly compacts: boolean;
}

export interface Frame {
  readonly type: string;
  readonly version: number;
  readonly [member: string]: unknown;
}

export function framesOf(writes: readonly Write[]): Frame[] {
  const frames: Frame[] = [];
  let version = 0;
  let seq = 0;
  for (const { batch, compacts } of writes) {
    version += 1;
    for (let i = 0; i < batch; i++) {
      seq += 1;
      const message = {
        seq,
        role: 'user',
        parts: [{ type: 'text', text: `№ ${seq} – 🦙` }],
        metadata: {},
        token_count: 1,
        inserted_at: '2026-11-24T00:00:00.000Z',
      };
      frames.push({ type: 'message', version, seq, message });
    }
    if (compacts) {
      version += 1;
      frames.push({ type: 'compaction', version, range: { from_seq: 1, to_seq: seq } });
    }
    frames.push({ type: 'context', version, needs_compaction: false, used_tokens: seq });
  }
  return frames;
}

export const encode = (frame: Frame): Buffer =>
  Buffer.from(`id: ${frame.version}\nevent: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`);

export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

/** Sends what lies after the cursor that was asked for, `chunk` bytes at a time, and breaks off after `bytes`. */
export function replay(frames: readonly Frame[], bytes: number, chunk: number): Step {
  return (response, { url }) => {
    const cursor = Number(new URL(url, 'http://x').searchParams.get('cursor'));
    beginStream(response);
    const after = frames.filter(({ version }) => version > cursor);
    const body = Buffer.concat(after.map(encode));
    const sent = body.subarray(0, bytes);
    const send = (from: number): void => {
      if (from >= sent.length) {
        if (bytes < body.length) setImmediate(() => response.destroy());
        return;
      }
      response.write(sent.subarray(from, from + chunk), () => setImmediate(send, from + chunk));
    };
    send(0);
  };
}
