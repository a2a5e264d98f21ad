import type { AppendedMessage } from '@fastpaca/context-store';
import { Counter, type Registry } from 'prom-client';
import { PlainHistogram } from './plain-histogram.js';

const roles = new Set(['user', 'assistant', 'system', 'tool']);

/** Messages that acknowledged appends wrote. */
export class AppendMetrics {
  private readonly appended: Counter<'role' | 'source'>;
  private readonly tokens: PlainHistogram;
  /** One counter per pair of labels: looking it up costs less than naming the labels again. */
  private readonly counters = new Map<string, Counter.Internal>();

  constructor(registry: Registry) {
    this.appended = new Counter({
      name: 'fastpaca_messages_append_total',
      help: 'Messages appended, by role and by who counted the tokens (client or server)',
      labelNames: ['role', 'source'],
      registers: [registry],
    });
    this.tokens = new PlainHistogram({
      name: 'fastpaca_messages_token_count',
      help: 'Tokens of an appended message',
      buckets: [4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144],
      registers: [registry],
    });
  }

  messageAppended(message: AppendedMessage): void {
    this.counter(message.role, message.source).inc();
    this.tokens.note(message.tokens);
  }

  private counter(role: string, source: AppendedMessage['source']): Counter.Internal {
    const label = roles.has(role) ? role : 'other';
    const key = `${label} ${source}`;
    const known = this.counters.get(key);
    if (known !== undefined) return known;
    const counter = this.appended.labels({ role: label, source });
    this.counters.set(key, counter);
    return counter;
  }
}
