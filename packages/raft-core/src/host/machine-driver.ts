import { assert, RaftError } from '../errors.js';
import { logIndex } from '../ids.js';
import type { LogIndex } from '../ids.js';
import type { Entry } from '../log/entry.js';
import type { CompactionOptions } from './options.js';
import type { Clock } from './clock.js';
import type { HostObserver } from './observer.js';
import type { End } from './proposals.js';
import type { Runtime } from './runtime.js';

export interface MachineContext<Result> {
  readonly clock: Clock;
  readonly observer: HostObserver;
  readonly compaction: CompactionOptions;
  readonly end: End<Result>;
  /** The group has something to do. */
  touch(runtime: Runtime<Result>): void;
  /** A state machine failed: the host stops. */
  fatal(error: RaftError): void;
}

/** Hands committed entries to state machines and the results to those who proposed them. */
export class MachineDriver<Result> {
  readonly #context: MachineContext<Result>;

  constructor(context: MachineContext<Result>) {
    this.#context = context;
  }

  /** One batch of one group; the group hands out the next after `markApplied`. */
  apply(runtime: Runtime<Result>, entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const commands = entries.every(isNormal) ? entries : entries.filter(isNormal);
    if (commands.length === 0) {
      this.#finish(runtime, commands, [], last.index, 0);
      return;
    }
    if (runtime.copying !== null) {
      // A state machine need not copy while it changes.
      runtime.machineIdle = runtime.copying.then(async () => {
        await this.#run(runtime, commands, last.index);
      });
      return;
    }
    const running = this.#run(runtime, commands, last.index);
    if (running !== null) runtime.machineIdle = running;
  }

  /** Null where `apply` was synchronous. */
  #run(runtime: Runtime<Result>, commands: readonly Entry[], last: LogIndex): Promise<void> | null {
    // The clock is read three times for every entry where somebody asks how long it took, and not at all elsewhere.
    const startedAt = this.#context.observer.onApply === undefined ? 0 : this.#context.clock.now();
    try {
      const results = runtime.machine.apply(commands);
      if (results instanceof Promise) return this.#await(runtime, commands, results, last, startedAt);
      this.#finish(runtime, commands, results, last, startedAt);
    } catch (error) {
      this.#fail(runtime, error);
    }
    return null;
  }

  async #await(
    runtime: Runtime<Result>,
    commands: readonly Entry[],
    results: Promise<readonly Result[]>,
    last: LogIndex,
    startedAt: number,
  ): Promise<void> {
    try {
      this.#finish(runtime, commands, await results, last, startedAt);
    } catch (error) {
      this.#fail(runtime, error);
    }
  }

  #finish(
    runtime: Runtime<Result>,
    commands: readonly Entry[],
    results: readonly Result[],
    last: LogIndex,
    startedAt: number,
  ): void {
    assert(results.length === commands.length, 'apply returns one result per entry');
    const { group } = runtime;
    group.markApplied(last);
    runtime.proposals.applied(commands, results, last, this.#context.end);
    runtime.reads.applied(last);
    if (commands.length > 0) {
      const { clock, observer } = this.#context;
      observer.onApply?.(runtime.id, commands.length, clock.now() - startedAt);
      for (const { data } of commands) runtime.appliedBytes += data.length;
      this.compact(runtime);
    }
    if (group.canApply || runtime.watchers.length > 0) this.#context.touch(runtime);
  }

  /** Compacts the log once enough of it lives durably in the state machine. */
  compact(runtime: Runtime<Result>): void {
    const { group, machine } = runtime;
    const { entries, bytes, retain } = this.#context.compaction;
    const large = runtime.appliedBytes >= bytes;
    if (group.applied - group.compactedIndex < entries && !large) return;
    const durable = Math.min(machine.durableIndex(), group.applied);
    // Followers that are a little behind are served from the log; without followers nothing is kept.
    const kept = group.hasPeers ? Math.min(retain, entries >> 1) : 0;
    const target = logIndex(Math.max(durable - kept, 0));
    // Few entries are not worth the write, unless they are large: 60 batches of 500 KB would be read at every start.
    if (target - group.compactedIndex < (large ? 1 : Math.min(entries, 64))) return;
    if (!group.compact(target)) return;
    runtime.appliedBytes = 0;
    this.#context.touch(runtime);
  }

  #fail(runtime: Runtime<Result>, error: unknown): void {
    const message =
      `The state machine of group ${runtime.id} failed to apply committed entries. ` +
      'It must give a result for every command; the host stops.';
    this.#context.fatal(new RaftError('state_machine_failed', message, { cause: error }));
  }
}

function isNormal(entry: Entry): boolean {
  return entry.type === 'normal';
}
