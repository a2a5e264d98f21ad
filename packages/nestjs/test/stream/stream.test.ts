import { EventEmitter } from 'node:events';
import type { ChangesPage, StreamPosition } from '@fastpaca/context-store';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Frame, FramePage } from '../../src/stream/frame.js';
import { Stream } from '../../src/stream/stream.js';
import type { StreamClient, StreamEnd } from '../../src/stream/stream-client.js';

const at = (version: number): StreamPosition => ({ life: 1, version, messages: 0, load: null });

/** A connection whose buffer the test fills and empties. */
class Client implements StreamClient {
  readonly transport = 'websocket';
  readonly answers = true;
  readonly events = new EventEmitter();
  readonly sent: Frame[] = [];
  buffered = 0;
  closedAs: StreamEnd | null = null;

  send(frames: readonly Frame[]): void {
    this.sent.push(...frames);
    for (const { bytes } of frames) this.buffered += bytes.length;
  }

  onDrained(listener: () => void): void {
    this.events.once('drained', listener);
  }

  onClosed(listener: () => void): void {
    this.events.once('closed', listener);
  }

  close(end: StreamEnd): void {
    this.closedAs = end;
    this.events.emit('closed');
  }

  destroy(): void {
    this.events.emit('closed');
  }

  drain(): void {
    this.buffered = 0;
    this.events.emit('drained');
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const start: ChangesPage = { changes: [], next: at(0), ended: false };
const large: Frame = { bytes: Buffer.alloc(300_000), cursor: 1 };

let client: Client;
let reads: number;
let ends: StreamEnd[];
let left: number;
let now: number;
beforeEach(() => {
  client = new Client();
  reads = 0;
  ends = [];
  left = 0;
  now = 0;
});

function stream(read: (position: StreamPosition) => Promise<FramePage>): Stream {
  const source = {
    after: (position: StreamPosition) => {
      reads += 1;
      return read(position);
    },
    leave: () => (left += 1),
  };
  return new Stream(client, source, start, {
    now: () => now,
    sent: () => undefined,
    failed: () => undefined,
    closed: (end) => ends.push(end),
  });
}

const pages = ({ version }: StreamPosition): Promise<FramePage> =>
  Promise.resolve({ frames: [large], next: at(version + 1), ended: false });

describe('a stream', () => {
  test('reads nothing while its client does not take what was sent', async () => {
    void stream(pages).run();
    await turn();
    expect(reads).toBe(1);
    await turn();
    expect(reads).toBe(1);
    client.drain();
    await turn();
    expect(reads).toBe(2);
    client.close('node_stops');
  });

  test('leaves no listener behind for the times that it waited', async () => {
    void stream(pages).run();
    for (let n = 0; n < 30; n += 1) {
      await turn();
      client.drain();
    }
    expect(reads).toBeGreaterThan(20);
    expect(client.events.listenerCount('closed')).toBe(1);
    expect(client.events.listenerCount('drained')).toBeLessThanOrEqual(1);
    client.close('node_stops');
  });

  test('ends its loop when the client goes while it waits for room', async () => {
    const running = stream(pages).run();
    await turn();
    client.destroy();
    await running;
    expect([ends, left]).toEqual([['client'], 1]);
  });

  test('sends nothing that came after the client went', async () => {
    let answer: (page: FramePage) => void = () => undefined;
    const running = stream(() => new Promise((resolve) => (answer = resolve))).run();
    client.destroy();
    answer({ frames: [large], next: at(1), ended: true });
    await running;
    expect(client.sent).toEqual([]);
    expect([client.closedAs, ends]).toEqual([null, ['client']]);
  });

  test('is closed as failed where the context cannot be read', async () => {
    await stream(() => Promise.reject(new Error('no leader'))).run();
    expect([client.closedAs, ends, left]).toEqual(['failed', ['failed'], 1]);
  });

  test('has more patience with a client that takes a large message', async () => {
    const huge: Frame = { bytes: Buffer.alloc(8 << 20), cursor: 1 };
    const one = stream(() => Promise.resolve({ frames: [huge], next: at(1), ended: false }));
    void one.run();
    await turn();
    now = 100_000;
    one.heard();
    one.look();
    expect(client.closedAs).toBeNull();
    now = 170_000;
    one.heard();
    one.look();
    expect(client.closedAs).toBe('too_slow');
  });
});
