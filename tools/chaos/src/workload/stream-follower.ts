import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { FinalLog } from '../check/linearizable.ts';
import { StreamCheck, type Frame } from '../check/stream-checks.ts';
import type { Violation } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import { between, type Random } from '../random.ts';
import { NodesInView, type Target } from './nodes-in-view.ts';
import { textOf } from './readings.ts';

export interface StreamFollowerOptions {
  readonly context: string;
  readonly targets: () => readonly Target[];
  readonly random: Random;
  readonly recorder: Recorder;
}

/** Follows one context over websockets, from one node to the next, by cursor, as a client does. */
export class StreamFollower {
  readonly #options: StreamFollowerOptions;
  readonly #nodes: NodesInView;
  readonly #check: StreamCheck;
  #socket: WebSocket | null = null;
  #stopped = false;
  connections = 0;

  constructor(options: StreamFollowerOptions) {
    this.#options = options;
    this.#nodes = new NodesInView(options.targets, options.random);
    this.#check = new StreamCheck(options.context);
  }

  async run(): Promise<void> {
    const { random } = this.#options;
    while (!this.#stopped) {
      await this.#follow(this.#nodes.next());
      if (!this.#stopped) await delay(random() * 200);
    }
  }

  /** Waits until the whole log has come, or not. */
  async end(log: FinalLog, deadlineMs: number): Promise<Violation[]> {
    const until = performance.now() + deadlineMs;
    while (this.#check.lastSeq < log.length && performance.now() < until) await delay(20);
    this.#stopped = true;
    this.#socket?.terminate();
    return this.#check.end(log);
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.terminate();
  }

  /** One connection, until it ends, or is left after a while: nodes that are paused say nothing. */
  #follow(node: Target): Promise<void> {
    const { context, random } = this.#options;
    const url = node.url.replace('http', 'ws');
    const socket = new WebSocket(`${url}/v1/contexts/${context}/stream?cursor=${this.#check.cursor}`, {
      handshakeTimeout: 3_000,
    });
    this.#socket = socket;
    this.connections += 1;
    this.#check.connected();
    const timer = setTimeout(() => socket.terminate(), between(random, 1_000, 8_000));
    return new Promise((resolve) => {
      socket.on('message', (data: Buffer) => this.#frame(socket, data.toString(), node));
      socket.on('error', () => this.#nodes.leave());
      socket.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #frame(socket: WebSocket, text: string, node: Target): void {
    const { recorder, context } = this.#options;
    const frame = readFrame(text);
    if (frame.type === 'ping') socket.send('{"type":"pong"}');
    if (frame.type === 'message') {
      const where = `${node.name} stream`;
      recorder.broken(recorder.messages.observe(context, frame.seq, frame.text, where));
    }
    const violation = this.#check.frame(frame);
    if (violation === null) return;
    recorder.broken({ ...violation, message: `${violation.message}, from ${node.name}` });
  }
}

function readFrame(text: string): Frame {
  const frame = JSON.parse(text) as Frame & { readonly message?: Parameters<typeof textOf>[0] };
  if (frame.type !== 'message') return frame;
  return { ...frame, text: frame.message === undefined ? '' : textOf(frame.message) };
}
