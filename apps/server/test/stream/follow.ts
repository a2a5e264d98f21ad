import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { StreamFrame } from '@fastpaca/protocol';
import { WebSocket } from 'ws';

export interface FollowOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether pings are answered. Default true. */
  readonly pong?: boolean;
}

/** A client of a stream over a real websocket: the frames that came, and how it was closed. */
export class Follower {
  readonly frames: StreamFrame[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  private waiting: (() => void)[] = [];

  private constructor(
    readonly socket: WebSocket,
    pong: boolean,
  ) {
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as StreamFrame;
      this.frames.push(frame);
      if (frame.type === 'ping' && pong) socket.send('{"type":"pong"}');
      this.wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.wake();
      });
    });
    socket.on('error', () => undefined);
  }

  /** @param target `/v1/contexts/…/stream?…` */
  static async open(url: string, target: string, options: FollowOptions = {}): Promise<Follower> {
    const socket = new WebSocket(url.replace('http', 'ws') + target, { headers: { ...options.headers } });
    const follower = new Follower(socket, options.pong ?? true);
    await once(socket, 'open');
    return follower;
  }

  /** Waits until so many frames have come, pings not counted. */
  async count(frames: number): Promise<StreamFrame[]> {
    await this.until(() => this.changes.length >= frames);
    return this.changes;
  }

  /** Waits until a frame of a version at least this has ended its write. */
  async version(version: number): Promise<StreamFrame[]> {
    await this.until(() => this.frames.some((frame) => ends(frame) && frame.version >= version));
    return this.changes;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('The stream was closed before.');
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  get changes(): StreamFrame[] {
    return this.frames.filter(({ type }) => type !== 'ping');
  }

  /** Where it would resume. */
  get cursor(): number | undefined {
    return this.frames.filter(ends).at(-1)?.version;
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.socket.terminate();
  }

  private wake(): void {
    for (const each of this.waiting.splice(0)) each();
  }
}

const ends = ({ type }: StreamFrame): boolean => type !== 'message' && type !== 'compaction';

/** A refusal of an upgrade: the HTTP answer. */
export async function refusal(
  url: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: unknown }> {
  const socket = new WebSocket(url.replace('http', 'ws') + target, { headers: { ...headers } });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
  };
}

export interface ServerEvent {
  readonly id?: string;
  readonly frame: StreamFrame;
}

/** The same over Server-Sent Events. */
export class EventFollower {
  readonly events: ServerEvent[] = [];
  readonly ended: Promise<void>;
  private waiting: (() => void)[] = [];
  private over = false;

  private constructor(readonly response: IncomingMessage) {
    this.ended = this.read();
  }

  static async open(
    url: string,
    target: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventFollower> {
    // Not `fetch`: its pool opens a connection in place of a dropped one, which the server waits for.
    const request = get(url + target, { headers: { accept: 'text/event-stream', ...headers }, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new EventFollower(response);
  }

  get frames(): StreamFrame[] {
    return this.events.map(({ frame }) => frame).filter(({ type }) => type !== 'ping');
  }

  async count(frames: number): Promise<StreamFrame[]> {
    await this.until(() => this.frames.length >= frames);
    return this.frames;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.over) throw new Error('The stream ended before.');
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  drop(): void {
    this.response.destroy();
  }

  private async read(): Promise<void> {
    let text = '';
    try {
      for await (const chunk of this.response) {
        text += (chunk as Buffer).toString('latin1');
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) this.events.push(parseEvent(event));
        this.wake();
      }
    } catch {
      // Dropped.
    }
    this.over = true;
    this.wake();
  }

  private wake(): void {
    for (const each of this.waiting.splice(0)) each();
  }
}

function parseEvent(text: string): ServerEvent {
  const fields = new Map(text.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  const id = fields.get('id');
  const json = Buffer.from(fields.get('data') ?? '', 'latin1').toString();
  const frame = JSON.parse(json) as StreamFrame;
  return id === undefined ? { frame } : { id, frame };
}
