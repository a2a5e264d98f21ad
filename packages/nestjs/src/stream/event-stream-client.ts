import type { ServerResponse } from 'node:http';
import type { Frame } from './frame.js';
import type { StreamClient, StreamEnd } from './stream-client.js';

/**
 * A response of Server-Sent Events. An event has the id only where its version is complete: with it a
 * client resumes, and the rest of a batch would be lost.
 */
export class EventStreamClient implements StreamClient {
  readonly transport = 'sse';
  readonly answers = false;

  constructor(private readonly response: ServerResponse) {}

  get buffered(): number {
    return this.response.writableLength;
  }

  send(frames: readonly Frame[]): void {
    if (!this.response.writable) return;
    this.response.write(eventText(frames));
  }

  onDrained(listener: () => void): void {
    this.response.once('drain', listener);
  }

  close(end: StreamEnd): void {
    // Behind a full buffer an orderly end would wait for as long as the client likes.
    if (end === 'too_slow') this.destroy();
    else this.response.end();
  }

  destroy(): void {
    this.response.destroy();
  }

  onClosed(listener: () => void): void {
    this.response.once('close', listener);
  }
}

function eventText(frames: readonly Frame[]): Buffer {
  const pieces: Uint8Array[] = [];
  for (const { bytes, cursor } of frames) {
    pieces.push(cursor === null ? dataField : Buffer.from(`id: ${cursor}\ndata: `), bytes, eventEnd);
  }
  return Buffer.concat(pieces);
}

const dataField = Buffer.from('data: ');
const eventEnd = Buffer.from('\n\n');
