import { Counter, Gauge, type Registry } from 'prom-client';
import type { StreamClient, StreamEnd } from './stream-client.js';

type Transport = StreamClient['transport'];

/** What the streams of this node do. */
export class StreamMetrics {
  private readonly connections: Gauge<'transport'>;
  private readonly frames: Counter<'transport'>;
  private readonly bytes: Counter<'transport'>;
  private readonly closed: Counter<'transport' | 'reason'>;
  private readonly refused: Counter<'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.connections = new Gauge({
      name: 'fastpaca_stream_connections',
      help: 'Streams that are open',
      labelNames: ['transport'],
      registers,
    });
    this.frames = new Counter({
      name: 'fastpaca_stream_frames_total',
      help: 'Frames sent, without pings',
      labelNames: ['transport'],
      registers,
    });
    this.bytes = new Counter({
      name: 'fastpaca_stream_bytes_total',
      help: 'Bytes of the frames sent',
      labelNames: ['transport'],
      registers,
    });
    this.closed = new Counter({
      name: 'fastpaca_stream_closed_total',
      help: 'Streams closed, by the reason: client, or why the node closed it',
      labelNames: ['transport', 'reason'],
      registers,
    });
    this.refused = new Counter({
      name: 'fastpaca_stream_refused_total',
      help: 'Streams refused, by the error that was answered',
      labelNames: ['reason'],
      registers,
    });
  }

  opened(transport: Transport): void {
    this.connections.inc({ transport });
  }

  ended(transport: Transport, reason: StreamEnd): void {
    this.connections.dec({ transport });
    this.closed.inc({ transport, reason });
  }

  sent(transport: Transport, frames: number, bytes: number): void {
    this.frames.inc({ transport }, frames);
    this.bytes.inc({ transport }, bytes);
  }

  refusedWith(code: string): void {
    this.refused.inc({ reason: code });
  }
}
