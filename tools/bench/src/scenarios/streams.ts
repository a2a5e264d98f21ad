import { once } from 'node:events';
import { join } from 'node:path';
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Connection } from '../load/connection.ts';
import { processUsage } from '../report/process-usage.ts';
import { ContextStoreSystem, type RunningContextStore } from '../systems/context-store.ts';
import { contextId, encodeRequest } from '../workload/requests.ts';
import { seededRandom } from '../workload/random.ts';
import { englishText } from '../workload/text.ts';

export interface StreamsShape {
  readonly streams: number;
  /** The streams are spread over so many contexts. */
  readonly contexts: number;
  readonly appendsPerSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly inFlight: number;
  readonly messageBytes: number;
  readonly seed: number;
}

export interface StreamsResult {
  readonly streams: number;
  readonly contexts: number;
  /** Appends answered in each second. */
  readonly appendsPerSecond: number;
  /** Message frames received in each second, by all streams. */
  readonly framesPerSecond: number;
  /** Frames that never came. */
  readonly missing: number;
  /** Microseconds from when an append was due to its answer, and to its frame at a client. */
  readonly answer: RecordableHistogram;
  readonly frame: RecordableHistogram;
  /** Memory with no stream, with all of them idle, and at the end. */
  readonly idleMiB: number | undefined;
  readonly connectedMiB: number | undefined;
  readonly endMiB: number | undefined;
  readonly cpuSeconds: number | undefined;
}

/**
 * Follows contexts with many websockets while messages are appended at a fixed rate, and measures how
 * long a message takes from the moment its append was due until its frame is at a client.
 */
export async function measureStreams(directory: string, shape: StreamsShape): Promise<StreamsResult> {
  const system = new ContextStoreSystem(join(directory, `streams-${String(shape.contexts)}`));
  const running = await system.start();
  try {
    await createContexts(running.port, shape.contexts);
    const idleMiB = processUsage(running.processIds)?.memoryMiB;
    const frame = createHistogram();
    const followers = new Followers(frame);
    await followers.connect(running.port, shape);
    await sleep(1_000);
    const connectedMiB = processUsage(running.processIds)?.memoryMiB;
    const load = await PacedAppends.open(running.port, shape);
    await load.run(shape.warmUpSeconds);
    frame.reset();
    load.answers.reset();
    const received = followers.received;
    const sent = load.sent;
    const before = processUsage(running.processIds);
    await load.run(shape.seconds);
    const after = processUsage(running.processIds);
    const expected = load.sent * (shape.streams / shape.contexts);
    await followers.settle(expected);
    load.close();
    followers.close();
    return {
      streams: shape.streams,
      contexts: shape.contexts,
      appendsPerSecond: (load.sent - sent) / shape.seconds,
      framesPerSecond: (followers.received - received) / shape.seconds,
      missing: expected - followers.received,
      answer: load.answers,
      frame,
      idleMiB,
      connectedMiB,
      endMiB: after?.memoryMiB,
      cpuSeconds: before && after && after.cpuSeconds - before.cpuSeconds,
    };
  } finally {
    await stop(running, system);
  }
}

async function stop(running: RunningContextStore, system: ContextStoreSystem): Promise<void> {
  await running.stop();
  await system.dispose();
}

async function createContexts(port: number, contexts: number): Promise<void> {
  for (let index = 0; index < contexts; index += 1) {
    const response = await fetch(`http://127.0.0.1:${String(port)}/v1/contexts/${contextId(index)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`creating a context failed with ${String(response.status)}`);
  }
}

const messageFrame = Buffer.from('{"type":"message"');
const dueMark = Buffer.from('"due":');
/** Microseconds with a fixed number of digits: the length of a request is the same for all. */
const dueDigits = 15;
const now = (): number => 10 ** (dueDigits - 1) + Math.round(performance.now() * 1_000);

/** The websockets. Each frame of a message says in its metadata when its append was due. */
class Followers {
  readonly #frame: RecordableHistogram;
  readonly #sockets: WebSocket[] = [];
  received = 0;

  constructor(frame: RecordableHistogram) {
    this.#frame = frame;
  }

  async connect(port: number, { streams, contexts }: StreamsShape): Promise<void> {
    for (let index = 0; index < streams; index += 1) {
      const id = contextId(index % contexts);
      const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/v1/contexts/${id}/stream`);
      socket.on('message', (data: Buffer) => {
        this.#take(data);
      });
      await once(socket, 'open');
      this.#sockets.push(socket);
    }
  }

  /** Waits until so many messages have come, or five seconds. */
  async settle(expected: number): Promise<void> {
    const end = performance.now() + 5_000;
    while (this.received < expected && performance.now() < end) await sleep(10);
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  #take(data: Buffer): void {
    if (!data.subarray(0, messageFrame.length).equals(messageFrame)) return;
    this.received += 1;
    const at = data.lastIndexOf(dueMark) + dueMark.length;
    const due = Number(data.toString('latin1', at, at + dueDigits));
    this.#frame.record(Math.max(1, now() - due));
  }
}

/** Appends that are due at a fixed rate, whatever the answers take: a queue counts into the latency. */
class PacedAppends {
  readonly answers = createHistogram();
  readonly #shape: StreamsShape;
  readonly #free: Connection[] = [];
  readonly #all: Connection[] = [];
  readonly #waiting: { readonly request: Buffer; readonly due: number }[] = [];
  readonly #text: string;
  #failure: Error | undefined;
  #inFlight = 0;
  sent = 0;

  private constructor(shape: StreamsShape) {
    this.#shape = shape;
    this.#text = JSON.stringify(englishText(seededRandom(shape.seed), shape.messageBytes));
  }

  static async open(port: number, shape: StreamsShape): Promise<PacedAppends> {
    const load = new PacedAppends(shape);
    for (let index = 0; index < shape.inFlight; index += 1) {
      const connection = await Connection.open(port, (error) => (load.#failure = error));
      load.#free.push(connection);
      load.#all.push(connection);
    }
    return load;
  }

  /** Sends for so many seconds and waits for all answers. */
  async run(seconds: number): Promise<void> {
    const { appendsPerSecond } = this.#shape;
    const total = Math.round(appendsPerSecond * seconds);
    const start = now();
    let count = 0;
    while (count < total || this.#inFlight > 0 || this.#waiting.length > 0) {
      if (this.#failure !== undefined) throw this.#failure;
      const due = Math.min(total, Math.floor(((now() - start) * appendsPerSecond) / 1_000_000));
      for (; count < due; count += 1) this.#send(start + Math.round((count * 1_000_000) / appendsPerSecond));
      await sleep(1);
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #send(due: number): void {
    const path = `/v1/contexts/${contextId(this.sent % this.#shape.contexts)}/messages`;
    this.sent += 1;
    const metadata = `{"due":${String(due)}}`;
    const parts = `[{"type":"text","text":${this.#text}}]`;
    const body = `{"message":{"role":"user","parts":${parts},"metadata":${metadata}}}`;
    this.#waiting.push({ request: encodeRequest('POST', path, body), due });
    this.#next();
  }

  #next(): void {
    const connection = this.#free.pop();
    if (connection === undefined) return;
    const append = this.#waiting.shift();
    if (append === undefined) {
      this.#free.push(connection);
      return;
    }
    this.#inFlight += 1;
    connection.send(append.request, (status) => {
      this.#inFlight -= 1;
      if (status !== 201) this.#failure = new Error(`an append was answered with ${String(status)}`);
      this.answers.record(Math.max(1, now() - append.due));
      this.#free.push(connection);
      this.#next();
    });
  }
}
