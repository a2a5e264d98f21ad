import type { ChangesPage, ContextStore } from '@fastpaca/context-store';
import { Logger, type OnModuleDestroy } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import { errorReply, isDefect } from '../errors/error-answer.js';
import type { FramePage } from './frame.js';
import { SharedChanges } from './shared-changes.js';
import { Stream } from './stream.js';
import type { StreamClient } from './stream-client.js';
import { type StreamClock, systemClock } from './stream-clock.js';
import type { StreamMetrics } from './stream-metrics.js';

/** How a server carries streams. */
export interface StreamSettings {
  /** Websocket and SSE clients of this node. Default 512. */
  readonly maxConnections?: number;
  /** For tests. */
  readonly clock?: StreamClock;
}

export interface StreamRequest {
  readonly id: string;
  readonly cursor: number | undefined;
  readonly bodies: boolean;
}

/** A place among the streams of this node, taken before the context is looked up. */
export interface StreamStart {
  readonly request: StreamRequest;
  readonly page: ChangesPage;
  /** Gives the place back. To be called once the connection is gone, also if it never was one. */
  release(): void;
}

const lookMs = 1_000;
/** How long a stop waits for clients to answer the close. */
const farewellMs = 2_000;

/** All streams of this node. */
export class Streams implements OnModuleDestroy {
  private readonly logger = new Logger('Streams');
  private readonly open = new Set<Stream>();
  private readonly shared: SharedChanges;
  private readonly clock: StreamClock;
  private readonly maximum: number;
  private readonly stopLooking: () => void;
  private places = 0;
  private stopping = false;
  private emptied: (() => void) | null = null;

  constructor(
    private readonly store: Pick<ContextStore, 'openStream' | 'changes'>,
    private readonly metrics: StreamMetrics,
    settings: StreamSettings = {},
  ) {
    this.clock = settings.clock ?? systemClock;
    this.maximum = settings.maxConnections ?? 512;
    this.shared = new SharedChanges(store);
    this.stopLooking = this.clock.every(lookMs, () => {
      for (const stream of this.open) stream.look();
    });
  }

  /**
   * Takes a place and finds where the stream begins.
   * @throws ApiError `too_many_streams`, `unavailable`; StoreError `context_not_found`, `unavailable`
   */
  async start(request: StreamRequest): Promise<StreamStart> {
    if (this.stopping) throw new ApiError('unavailable', 'This node stops: connect to another one');
    if (this.places >= this.maximum) {
      throw new ApiError('too_many_streams', `This node has ${this.maximum} streams, as many as it may`);
    }
    this.places += 1;
    let placed = true;
    const release = (): void => {
      if (placed) this.places -= 1;
      placed = false;
    };
    try {
      const { id, cursor } = request;
      const page = await this.store.openStream(id, cursor === undefined ? {} : { cursor });
      return { request, page, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Counts a refusal, and logs it where it is a defect. */
  refused(error: unknown): void {
    this.metrics.refusedWith(errorReply(error).body.error);
    if (isDefect(error)) this.logger.error({ type: 'stream_refused', err: error }, 'stream refused');
  }

  /** Begins to send. The place is given back when the client is gone. */
  run({ request, page, release }: StreamStart, client: StreamClient): Stream {
    const { transport } = client;
    const stream: Stream = new Stream(client, this.shared.join(request.id, request.bodies), page, {
      now: () => this.clock.now(),
      sent: ({ frames }) => {
        this.metrics.sent(transport, frames.length, bytesOf(frames));
      },
      failed: (error) => {
        this.logger.warn({ type: 'stream_failed', context_id: request.id, err: error }, 'stream failed');
      },
      closed: (end) => {
        release();
        this.open.delete(stream);
        this.metrics.ended(transport, end);
        if (this.open.size === 0) this.emptied?.();
      },
    });
    this.open.add(stream);
    this.metrics.opened(transport);
    if (this.stopping) stream.close('node_stops');
    else void stream.run();
    return stream;
  }

  /** Nest calls this first when the application closes: clients go to another node at once. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    this.stopLooking();
    if (this.open.size === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    for (const stream of this.open) stream.close('node_stops');
    // Not what a process waits for that has nothing else to do.
    await Promise.race([emptied, new Promise((resolve) => setTimeout(resolve, farewellMs).unref())]);
    for (const stream of this.open) stream.abandon();
  }
}

function bytesOf(frames: FramePage['frames']): number {
  let bytes = 0;
  for (const frame of frames) bytes += frame.bytes.length;
  return bytes;
}
