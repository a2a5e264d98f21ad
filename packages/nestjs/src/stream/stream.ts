import type { ChangesPage, StreamPosition } from '@fastpaca/context-store';
import { framePage, type FramePage, pingFrame } from './frame.js';
import type { FrameSource } from './shared-changes.js';
import type { StreamClient, StreamEnd } from './stream-client.js';

/** Nothing more is sent while so many bytes wait: with a page in the air that stays below 1 MiB. */
const fullBytes = 256 * 1024;
/** A client that leaves its buffer full for so long is too slow. For each `fullBytes` that wait. */
const stallMs = 5_000;
const pingMs = 30_000;
const silentMs = 90_000;
/** Frames that a client may send between two looks at it, which come every second. */
const maximumReceived = 100;

/**
 * One client of a context: reads a page, sends it, waits for the next. While the client does not take
 * what was sent nothing is read for it, so it costs its buffer and no more.
 */
export class Stream {
  private position: StreamPosition;
  private end: StreamEnd | null = null;
  private stalledSince: number | null = null;
  private heardAt: number;
  private pingedAt: number;
  private received = 0;
  /** Ends the wait for room. */
  private goOn: (() => void) | null = null;

  constructor(
    private readonly client: StreamClient,
    private readonly source: FrameSource,
    start: ChangesPage,
    private readonly hooks: {
      readonly now: () => number;
      readonly sent: (page: FramePage) => void;
      readonly failed: (error: unknown) => void;
      readonly closed: (end: StreamEnd) => void;
    },
  ) {
    this.position = start.next;
    this.heardAt = hooks.now();
    this.pingedAt = this.heardAt;
    client.onClosed(() => {
      this.end ??= 'client';
      this.goOn?.();
      source.leave();
      hooks.closed(this.end);
    });
    if (start.changes.length > 0) this.send(framePage(start));
  }

  get transport(): StreamClient['transport'] {
    return this.client.transport;
  }

  /** Sends until the stream ends. */
  async run(): Promise<void> {
    try {
      while (this.end === null) {
        if (this.client.buffered > fullBytes) {
          await this.room();
          continue;
        }
        const page = await this.source.after(this.position);
        // `await` may have taken long: the stream may have ended meanwhile.
        if (this.isEnded()) return;
        this.send(page);
        if (page.ended) this.close('ended');
      }
    } catch (error) {
      if (this.isEnded()) return;
      this.hooks.failed(error);
      this.close('failed');
    }
  }

  /** The client sent something. */
  heard(): void {
    this.heardAt = this.hooks.now();
    this.received += 1;
    if (this.received > maximumReceived) this.close('not_a_frame');
  }

  /** To be called every second. */
  look(): void {
    const now = this.hooks.now();
    this.received = 0;
    if (this.client.answers && now - this.heardAt >= silentMs) {
      this.close('silent');
    } else if (this.stalledSince !== null) {
      const patience = stallMs * Math.max(1, this.client.buffered / fullBytes);
      if (now - this.stalledSince >= patience) this.close('too_slow');
    } else if (now - this.pingedAt >= pingMs) {
      this.pingedAt = now;
      this.client.send([pingFrame(this.position.version)]);
    }
  }

  close(end: Exclude<StreamEnd, 'client'>): void {
    if (this.end !== null) return;
    this.end = end;
    this.client.close(end);
  }

  /** The client does not answer the close: cuts it off. */
  abandon(): void {
    this.client.destroy();
  }

  private send(page: FramePage): void {
    this.position = page.next;
    if (page.frames.length === 0) return;
    this.client.send(page.frames);
    this.hooks.sent(page);
  }

  private isEnded(): boolean {
    return this.end !== null;
  }

  /** Waits until the client has taken everything, or is gone. */
  private room(): Promise<void> {
    this.stalledSince = this.hooks.now();
    return new Promise((resolve) => {
      this.goOn = () => {
        this.stalledSince = null;
        resolve();
      };
      this.client.onDrained(this.goOn);
    });
  }
}
