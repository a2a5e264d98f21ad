import type { StreamClock } from '@fastpaca/nestjs';

/** Time that passes when a test says so. */
export class VirtualClock implements StreamClock {
  private time = 0;
  private readonly timers = new Set<{ readonly ms: number; at: number; readonly callback: () => void }>();

  now(): number {
    return this.time;
  }

  every(ms: number, callback: () => void): () => void {
    const timer = { ms, at: this.time + ms, callback };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  /** Lets so many seconds pass, and everything that is due happen in between. */
  pass(seconds: number): void {
    const end = this.time + seconds * 1000;
    for (;;) {
      const next = [...this.timers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.time = next.at;
      next.at += next.ms;
      next.callback();
    }
    this.time = end;
  }
}
