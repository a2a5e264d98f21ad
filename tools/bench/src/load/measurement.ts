import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { RequestKind } from '../workload/requests.ts';

/** What one load run, or several of the same kind added up, has shown. Latencies are in microseconds. */
export class Measurement {
  readonly latency: Record<RequestKind, RecordableHistogram> = {
    append: createHistogram(),
    read: createHistogram(),
  };
  seconds = 0;
  /** Answers with an unexpected status, by status. */
  readonly errors = new Map<number, number>();
  /** The body of the first unexpected answer. */
  firstError: string | undefined;
  responseBytes = 0;

  record(kind: RequestKind, latencyUs: number, responseBytes: number): void {
    this.latency[kind].record(Math.max(1, Math.round(latencyUs)));
    this.responseBytes += responseBytes;
  }

  recordError(status: number, body: Buffer): void {
    this.errors.set(status, (this.errors.get(status) ?? 0) + 1);
    this.firstError ??= body.toString('utf8', 0, 500);
  }

  get requests(): number {
    return this.latency.append.count + this.latency.read.count;
  }

  get throughput(): number {
    return this.seconds === 0 ? 0 : this.requests / this.seconds;
  }

  get errorCount(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Adds the figures of a further round. */
  add(other: Measurement): void {
    this.latency.append.add(other.latency.append);
    this.latency.read.add(other.latency.read);
    this.seconds += other.seconds;
    this.responseBytes += other.responseBytes;
    this.firstError ??= other.firstError;
    for (const [status, count] of other.errors) {
      this.errors.set(status, (this.errors.get(status) ?? 0) + count);
    }
  }
}
