import type { RaftStorage } from '../storage/storage.js';
import type { Engine } from './engine.js';
import { LoopMonitor } from './loop-monitor.js';
import type { HostObserver } from './observer.js';
import type { Runtime } from './runtime.js';

/** Passes of the timer in one heartbeat interval, or in a tenth of an election timeout, at most. */
const PASSES = 4;

/**
 * The one timer of a host. Deadlines are numbers that it compares, so moving one costs nothing. The next
 * pass comes when the earliest of them is over: a wake-up of an idle process, and the look at
 * hundreds of groups whose memory is cold by then, are most of what such a process costs.
 */
export class Ticker<Result> {
  readonly #engine: Engine<Result>;
  readonly #storage: RaftStorage;
  readonly #observer: HostObserver;
  readonly #shortestMs: number;
  readonly #longestMs: number;
  readonly #loop: LoopMonitor;
  #handle: unknown = null;
  #dueAt = 0;
  #passedAt = 0;
  #rolesAt = 0;
  #stagedSince: number | null = null;

  constructor(engine: Engine<Result>, storage: RaftStorage, observer: HostObserver) {
    this.#engine = engine;
    this.#storage = storage;
    this.#observer = observer;
    const { heartbeatMs, electionTimeoutMs } = engine.settings.timing;
    this.#shortestMs = Math.max(1, Math.min(heartbeatMs, electionTimeoutMs / 10) / PASSES);
    // Also where nothing is due: the pass sees whether the disk hangs and whether this process keeps time.
    this.#longestMs = Math.max(this.#shortestMs, Math.min(heartbeatMs, electionTimeoutMs / 5));
    this.#loop = new LoopMonitor(engine.settings.timing);
  }

  start(): void {
    this.#passedAt = this.#engine.clock.now();
    this.#schedule(this.#passedAt + this.#shortestMs);
  }

  stop(): void {
    if (this.#handle !== null) this.#engine.clock.cancel(this.#handle);
    this.#handle = null;
  }

  /** There is something to do at `at`: the next pass comes no later, but not right after the last. */
  due(at: number): void {
    if (at >= this.#dueAt) return;
    const dueAt = Math.max(at, this.#passedAt + this.#shortestMs);
    if (dueAt >= this.#dueAt) return;
    if (this.#handle === null) this.#dueAt = dueAt;
    else {
      this.#engine.clock.cancel(this.#handle);
      this.#schedule(dueAt);
    }
  }

  #schedule(at: number): void {
    const { clock } = this.#engine;
    this.#dueAt = at;
    this.#handle = clock.schedule(
      () => {
        this.#handle = null;
        this.#onTimer();
      },
      Math.max(0, at - clock.now()),
    );
  }

  /**
   * After a stall the timer is due before the messages that arrived meanwhile were read. Two passes of
   * the event loop let them in, so that 256 groups do not start elections against live leaders.
   */
  #onTimer(): void {
    const { clock, settings } = this.#engine;
    const now = clock.now();
    const lateMs = Math.max(0, now - this.#dueAt);
    this.#observer.onLoopDelay?.(lateMs);
    this.#loop.note(now, lateMs);
    if (lateMs < settings.timing.heartbeatMs) {
      this.#pass();
      return;
    }
    clock.defer(() => {
      clock.defer(() => {
        this.#pass();
      });
    });
  }

  #pass(): void {
    const engine = this.#engine;
    if (engine.stopped) return;
    engine.turn();
    const now = engine.clock.now();
    this.#passedAt = now;
    this.#dueAt = now + this.#longestMs;
    const { electionTimeoutMs } = engine.settings.timing;
    // A leader whose disk hangs, or whose process cannot keep time, keeps others from leading
    // (hashicorp/raft#503): it goes, and does not come back until that is over.
    const unfit = this.#loop.late || engine.writer.stalledMs(now) > electionTimeoutMs;
    let campaigns = 0;
    for (const runtime of engine.runtimes.values()) {
      runtime.proposals.expire(now, engine.end);
      runtime.reads.expire(now, runtime.group.leader);
      if (unfit && runtime.group.hasPeers) this.#yieldLead(runtime, now);
      if (runtime.watchers.length > 0) engine.touch(runtime);
      if (runtime.group.deadline > now) {
        this.due(runtime.dueAt(now));
        continue;
      }
      if (runtime.group.hasPeers && runtime.group.campaignDue(now)) {
        // The others wait for the next pass: a herd of elections would delay every one of them.
        if (unfit || campaigns >= engine.settings.limits.maxCampaignsPerTick) {
          this.due(now);
          continue;
        }
        campaigns += 1;
      }
      runtime.group.tick(now);
      engine.settle(runtime, null);
      this.due(runtime.dueAt(now));
    }
    this.#reportRemoved();
    this.#reportRoles(now);
    this.#flushStaged(now);
    // What it serves says itself when it is due.
    engine.turn();
    if (this.#storage.stagedBytes() > 0) {
      this.due((this.#stagedSince ?? now) + this.#engine.settings.stagedFlush.delayMs);
    }
    if (!engine.stopped) this.#schedule(this.#dueAt);
  }

  #yieldLead(runtime: Runtime<Result>, now: number): void {
    if (runtime.group.role !== 'leader') return;
    runtime.group.stepDown(now);
    this.#engine.touch(runtime);
  }

  /** State that no write has taken along is made durable after a while, so that logs can be compacted. */
  #flushStaged(now: number): void {
    const staged = this.#storage.stagedBytes();
    const { delayMs, bytes } = this.#engine.settings.stagedFlush;
    if (staged === 0) {
      this.#stagedSince = null;
      return;
    }
    this.#stagedSince ??= now;
    if (staged < bytes && now - this.#stagedSince < delayMs) return;
    this.#stagedSince = null;
    this.#engine.writer.flush();
  }

  #reportRemoved(): void {
    if (this.#observer.onRemoved === undefined) return;
    for (const runtime of this.#engine.runtimes.values()) {
      if (runtime.removedReported || !runtime.group.removed) continue;
      runtime.removedReported = true;
      this.#observer.onRemoved(runtime.id);
    }
  }

  #reportRoles(now: number): void {
    const { onRoles } = this.#observer;
    if (onRoles === undefined || now < this.#rolesAt) return;
    this.#rolesAt = now + this.#engine.settings.timing.heartbeatMs;
    const counts = { leader: 0, follower: 0, candidate: 0, pre_candidate: 0, damaged: 0 };
    for (const runtime of this.#engine.runtimes.values()) {
      counts[runtime.isDamaged ? 'damaged' : runtime.group.role] += 1;
    }
    this.#observer.onRoles?.(counts);
  }
}
