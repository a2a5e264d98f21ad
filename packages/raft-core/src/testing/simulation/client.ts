import type { Random } from '../../random.js';
import type { EventQueue } from './event-queue.js';
import type { History } from './history.js';
import type { Plan } from './plan.js';
import type { Trace } from './trace.js';
import { TraceKind } from './trace.js';

/** How an attempt to append ended, as a host would answer. */
export type AppendOutcome =
  | { readonly kind: 'committed'; readonly position: number }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'unknown' };

/** A replica as clients see it. Callbacks come at most once, or never where the process dies. */
export interface Server {
  readonly up: boolean;
  /** Where it believes the leader to be, or -1. */
  readonly leaderHint: number;
  propose(item: number, done: (outcome: AppendOutcome) => void): void;
  /** Null: no read point was found. */
  read(done: (length: number | null) => void): void;
}

export interface ClientWorld {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly plan: Plan;
  readonly history: History;
  readonly trace: Trace;
  readonly servers: readonly Server[];
  /** True once faults have stopped: every operation must now succeed. */
  readonly healing: boolean;
  nextOperation(): number;
}

/**
 * Appends and reads, one operation after the other. An append that was not answered is retried under
 * its own key, on any node; one that was only ever rejected may be given up for good.
 */
export class Client {
  readonly #world: ClientWorld;
  #target: number;
  #operation = 0;
  #attempt = 0;
  #attemptsLeft = 0;
  /** No attempt of this operation can have been appended. */
  #certain = true;
  #finishedAfterHealing = 0;

  constructor(world: ClientWorld, target: number) {
    this.#world = world;
    this.#target = target;
  }

  /** It has completed operations that started after the faults stopped. */
  get satisfied(): boolean {
    return this.#finishedAfterHealing > 2;
  }

  start(): void {
    this.#afterThinking(() => this.#next());
  }

  /** Once faults have stopped it hurries: what is waited for then is the cluster, not the client. */
  #afterThinking(run: () => void): void {
    const { queue, random, plan, healing } = this.#world;
    const thinkMs = healing ? plan.heartbeatMs : plan.thinkMs;
    queue.after((0.1 + random() * 2) * thinkMs, run);
  }

  #next(): void {
    if (this.satisfied) return;
    const { random, plan, history } = this.#world;
    this.#operation = this.#world.nextOperation();
    this.#attemptsLeft = 1 + Math.floor(random() * 6);
    this.#certain = true;
    history.invoke(this.#operation);
    if (random() < 0.1) this.#target = this.#another();
    if (random() < plan.readShare) this.#read();
    else this.#append();
  }

  #finished(): void {
    if (this.#world.healing) this.#finishedAfterHealing += 1;
    this.#afterThinking(() => this.#next());
  }

  /** The attempt's server, where it is up, and the attempt's deadline. */
  #begin(expired: () => void): Server | null {
    const { queue, plan, servers } = this.#world;
    this.#attempt += 1;
    const attempt = this.#attempt;
    const server = servers[this.#target];
    if (server?.up !== true) return null;
    queue.after(4 * plan.electionTimeoutMs, () => {
      if (attempt === this.#attempt) expired();
    });
    return server;
  }

  #append(): void {
    const { trace } = this.#world;
    const operation = this.#operation;
    const server = this.#begin(() => {
      this.#certain = false;
      this.#retry();
    });
    if (server === null) {
      this.#retry();
      return;
    }
    const attempt = this.#attempt;
    trace.note(
      TraceKind.propose,
      operation,
      this.#target,
      attempt,
      () => `client appends ${operation} at n${this.#target}`,
    );
    server.propose(operation, (outcome) => {
      if (outcome.kind === 'committed') this.#world.history.appended(operation, outcome.position);
      if (attempt !== this.#attempt) return;
      trace.note(
        TraceKind.outcome,
        operation,
        outcome.kind === 'committed' ? outcome.position : -1,
        attempt,
        () => `append ${operation}: ${describe(outcome)}`,
      );
      if (outcome.kind === 'unknown') this.#certain = false;
      if (outcome.kind === 'committed') this.#settle();
      else this.#retry();
    });
  }

  #settle(): void {
    this.#attempt += 1;
    this.#finished();
  }

  #retry(): void {
    const { random, history, servers, healing } = this.#world;
    this.#attempt += 1;
    this.#attemptsLeft -= 1;
    const hint = servers[this.#target]?.leaderHint ?? -1;
    this.#target = hint >= 0 && random() < 0.8 ? hint : this.#another();
    if (this.#attemptsLeft > 0 || healing) {
      this.#afterThinking(() => this.#append());
      return;
    }
    if (this.#certain) history.rejected(this.#operation);
    this.#finished();
  }

  #read(): void {
    const { trace, history, random } = this.#world;
    const operation = this.#operation;
    if (random() < 0.5) this.#target = this.#another();
    const server = this.#begin(() => this.#readFailed(operation));
    if (server === null) {
      this.#readFailed(operation);
      return;
    }
    const attempt = this.#attempt;
    trace.note(
      TraceKind.read,
      operation,
      this.#target,
      attempt,
      () => `client reads ${operation} at n${this.#target}`,
    );
    server.read((length) => {
      if (attempt !== this.#attempt) return;
      trace.note(
        TraceKind.readOutcome,
        operation,
        length ?? -1,
        attempt,
        () => `read ${operation}: ${length ?? 'no read point'}`,
      );
      if (length === null) {
        this.#readFailed(operation);
        return;
      }
      history.read(operation, length);
      this.#settle();
    });
  }

  /** A read has no effect: it is given up, and the next operation starts. */
  #readFailed(operation: number): void {
    this.#attempt += 1;
    this.#world.history.abandonRead(operation);
    this.#target = this.#another();
    this.#afterThinking(() => this.#next());
  }

  /** Any server; after the faults the one that any server takes for the leader, if one does. */
  #another(): number {
    const { random, servers, healing } = this.#world;
    const any = Math.floor(random() * servers.length);
    const hint = servers[any]?.leaderHint ?? -1;
    return healing && hint >= 0 ? hint : any;
  }
}

function describe(outcome: AppendOutcome): string {
  return outcome.kind === 'committed' ? `committed at position ${outcome.position}` : outcome.kind;
}
