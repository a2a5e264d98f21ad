import { RaftError } from '../errors.js';
import { groupId } from '../ids.js';
import type { GroupId, NodeId } from '../ids.js';
import { createRandom } from '../random.js';
import type { ProposeRejection } from '../group/ready.js';
import type { ConfChange } from '../membership/conf-change.js';
import { noTransport } from '../transport/transport.js';
import type { Transport } from '../transport/transport.js';
import { systemClock } from './clock.js';
import { settingsOf } from './defaults.js';
import { Engine } from './engine.js';
import { emptyStored, isSoleVoter, newMeta, openRuntime } from './group-factory.js';
import type { FactoryOptions } from './group-factory.js';
import type { RaftHostOptions } from './options.js';
import type {
  MembershipOutcome,
  ProposeOutcome,
  ReadOutcome,
  RejectReason,
  TransferOutcome,
} from './outcome.js';
import type { Pending } from './proposals.js';
import type { Runtime } from './runtime.js';
import type { GroupStatus } from './status.js';

/** Batches that a closing host still writes: what was proposed before gets its answer. */
const CLOSING_PASSES = 16;

/** How a call waits: it ends after this many milliseconds, whatever happens. */
export interface WaitOptions {
  readonly deadlineMs: number;
}

/** A group to create. Every replica of a new group must be created with the same voters. */
export interface NewGroup {
  readonly group: GroupId;
  /** Empty for a replica that joins an existing group: it learns the membership from its leader. */
  readonly voters: readonly NodeId[];
}

/**
 * Drives many Raft groups of one node over a storage and a transport.
 *
 * @example
 * const host = await RaftHost.open({ nodeId: nodeId('a'), storage, stateMachine, onFatal: exit });
 * await host.createGroups([{ group: groupId(0), voters: [nodeId('a')] }]);
 * const outcome = await host.propose(groupId(0), new Uint8Array([1]), { deadlineMs: 1_000 });
 */
export class RaftHost<Result> {
  readonly #options: RaftHostOptions<Result>;
  readonly #engine: Engine<Result>;
  readonly #transport: Transport;
  readonly #factory: FactoryOptions<Result>;
  #closing: Promise<void> | null = null;

  private constructor(options: RaftHostOptions<Result>) {
    this.#options = options;
    const settings = settingsOf(options);
    const clock = options.clock ?? systemClock;
    const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    this.#transport = options.transport ?? noTransport;
    this.#engine = new Engine<Result>({
      storage: options.storage,
      transport: this.#transport,
      clock,
      settings,
      observer: options.observer ?? {},
      onFatal: options.onFatal,
    });
    this.#factory = {
      self: options.nodeId,
      stateMachine: options.stateMachine,
      random: createRandom(seed),
      settings,
    };
  }

  /**
   * Reads the storage, opens the state machines, and starts. Groups that have this node as their only
   * voter lead and have applied everything committed when it resolves; others elect in their time.
   * Throws what the storage throws, and `invalid_options`.
   */
  static async open<Result>(options: RaftHostOptions<Result>): Promise<RaftHost<Result>> {
    const host = new RaftHost(options);
    await host.#start();
    return host;
  }

  async #start(): Promise<void> {
    const stored = await this.#options.storage.open();
    const now = this.#engine.clock.now();
    const runtimes = await Promise.all(stored.map((each) => openRuntime(this.#factory, each, now)));
    for (const runtime of runtimes) this.#engine.runtimes.set(runtime.id, runtime);
    await this.#transport.open(this.#engine);
    this.#engine.start();
    await this.#lead(runtimes);
  }

  /** A sole voter campaigns at once, by the same election as everyone; resolves when it serves. */
  async #lead(runtimes: readonly Runtime<Result>[]): Promise<void> {
    const sole = runtimes.filter(
      (runtime) => isSoleVoter(runtime, this.#options.nodeId) && !runtime.isDamaged,
    );
    const serving = sole.map(
      (runtime) =>
        new Promise<void>((resolve) => {
          runtime.watchers.push(() => {
            const { group } = runtime;
            const serves = group.leads && group.applied === group.commit;
            if (serves) resolve();
            return serves;
          });
        }),
    );
    for (const runtime of sole) {
      runtime.group.campaign(this.#engine.clock.now());
      this.#engine.touch(runtime);
    }
    await this.#untilFailure(Promise.all(serving));
  }

  /** Waits for `work`, or throws what stopped the host meanwhile. */
  async #untilFailure(work: Promise<unknown>): Promise<void> {
    const failed = new Promise<void>((resolve) => this.#engine.onStop(resolve));
    await Promise.race([work, failed]);
    if (this.#engine.failure !== null) throw this.#engine.failure;
    if (this.#engine.stopped) throw new RaftError('host_closed', 'The host was closed meanwhile.');
  }

  /**
   * Creates groups on this node, in one write. Those that exist are left alone. Resolves once they
   * are durable, and, where this node is the only voter, lead.
   */
  async createGroups(groups: readonly NewGroup[]): Promise<void> {
    this.#assertOpen();
    const fresh = groups.filter(({ group }) => !this.#engine.runtimes.has(groupId(group)));
    if (fresh.length === 0) return;
    const metas = fresh.map(({ group, voters }) => ({ group, meta: newMeta(voters, this.#factory.random) }));
    const written = this.#engine.writer.write(metas);
    this.#engine.schedule();
    await this.#untilFailure(written);
    const now = this.#engine.clock.now();
    const opening = metas.map(({ group, meta }) => openRuntime(this.#factory, emptyStored(group, meta), now));
    const runtimes = await Promise.all(opening);
    this.#assertOpen();
    for (const runtime of runtimes) {
      this.#engine.runtimes.set(runtime.id, runtime);
      if (runtime.group.conf.voters.length > 0) runtime.group.begin(this.#engine.clock.now());
      this.#engine.touch(runtime);
    }
    await this.#lead(runtimes);
  }

  /** Removes a group from this node with its log. Its state machine is closed, not cleared. */
  async destroyGroup(group: GroupId): Promise<void> {
    this.#assertOpen();
    const runtime = this.#engine.runtimes.get(group);
    if (runtime === undefined) return;
    this.#engine.runtimes.delete(group);
    runtime.destroyed = true;
    this.#engine.discard(runtime);
    await runtime.machineIdle;
    const written = this.#engine.writer.write([{ group, destroy: true }]);
    this.#engine.schedule();
    await this.#untilFailure(written);
    await runtime.machine.close?.();
  }

  /**
   * Adds a command to the group's log and applies it. Resolves with the outcome and never rejects;
   * `deadlineMs` from now it ends as `unknown`. `data` must not be changed afterwards.
   */
  propose(group: GroupId, data: Uint8Array, options: WaitOptions): Promise<ProposeOutcome<Result>> {
    const engine = this.#engine;
    const runtime = engine.runtimes.get(group);
    if (runtime === undefined) return reject('no_group', null);
    const { leader } = runtime.group;
    if (this.#closing !== null || engine.stopped) return reject('closing', leader);
    if (runtime.isDamaged) return reject('damaged', leader);
    const { limits } = engine.settings;
    const bytes = data.length;
    if (
      engine.pendingProposals >= limits.maxPendingProposals ||
      (engine.pendingProposals > 0 && engine.pendingBytes + bytes > limits.maxPendingBytes)
    ) {
      return reject('overloaded', leader);
    }
    const result = runtime.group.propose(data);
    if (result.kind === 'rejected') return reject(proposalReason(result.reason), leader);
    const startedAt = engine.clock.now();
    return new Promise((resolve) => {
      const { index, term } = result;
      const deadline = startedAt + options.deadlineMs;
      const pending: Pending<Result> = { index, term, bytes, startedAt, deadline, orphaned: false, resolve };
      engine.pendingProposals += 1;
      engine.pendingBytes += bytes;
      runtime.proposals.add(pending);
      engine.touch(runtime);
    });
  }

  /**
   * Finds a linearizable read point (ReadIndex, thesis 6.4), on the leader or through it. `ready` means
   * that this node's state machine now reflects everything that was acknowledged before the call.
   */
  readIndex(group: GroupId, options: WaitOptions): Promise<ReadOutcome> {
    const engine = this.#engine;
    const runtime = engine.runtimes.get(group);
    if (runtime === undefined) return unavailable('no_group', null);
    const { leader } = runtime.group;
    if (engine.failure !== null) return unavailable('storage_failed', leader);
    if (this.#closing !== null || engine.stopped) return unavailable('closing', leader);
    if (runtime.isDamaged) return unavailable('damaged', leader);
    if (runtime.reads.size >= engine.settings.limits.maxPendingReads)
      return unavailable('overloaded', leader);
    return new Promise((resolve) => {
      runtime.reads.add(engine.clock.now() + options.deadlineMs, resolve);
      engine.touch(runtime);
    });
  }

  /** What this node knows of a group, or null where it has none. */
  status(group: GroupId): GroupStatus | null {
    return this.#engine.runtimes.get(group)?.status(this.#engine.clock.now()) ?? null;
  }

  statuses(): readonly GroupStatus[] {
    const now = this.#engine.clock.now();
    return [...this.#engine.runtimes.values()].map((runtime) => runtime.status(now));
  }

  /** Hands the leadership of a group to another voter, once everything is committed (thesis 3.10). */
  transferLeadership(group: GroupId, to: NodeId, options: WaitOptions): Promise<TransferOutcome> {
    const engine = this.#engine;
    const runtime = engine.runtimes.get(group);
    if (runtime === undefined) return Promise.resolve({ kind: 'failed', reason: 'no_group' });
    if (this.#closing !== null || engine.stopped)
      return Promise.resolve({ kind: 'failed', reason: 'closing' });
    const now = engine.clock.now();
    const started = runtime.group.transferLeadership(now, to);
    if (started !== 'started') return Promise.resolve({ kind: 'failed', reason: started });
    return new Promise((resolve) => {
      runtime.watchers.push(() => {
        const { leader, role, transferring } = runtime.group;
        if (role !== 'leader' && leader !== null) resolve({ kind: 'transferred', leader });
        else if (engine.stopped) resolve({ kind: 'failed', reason: 'closing' });
        else if ((role === 'leader' && !transferring) || engine.clock.now() >= now + options.deadlineMs) {
          resolve({ kind: 'failed', reason: 'deadline' });
        } else return false;
        return true;
      });
      engine.touch(runtime);
    });
  }

  /** Changes the members of a group; several at once go through a joint configuration (section 6). */
  changeMembership(group: GroupId, change: ConfChange, options: WaitOptions): Promise<MembershipOutcome> {
    const engine = this.#engine;
    const runtime = engine.runtimes.get(group);
    const rejected = (
      reason: Extract<MembershipOutcome, { kind: 'rejected' }>['reason'],
    ): MembershipOutcome => {
      return { kind: 'rejected', reason, leader: runtime?.group.leader ?? null };
    };
    if (runtime === undefined) return Promise.resolve(rejected('no_group'));
    if (this.#closing !== null || engine.stopped) return Promise.resolve(rejected('closing'));
    const result = runtime.group.proposeConfChange(change);
    if (result.kind === 'rejected') return Promise.resolve(rejected(result.reason));
    const deadline = engine.clock.now() + options.deadlineMs;
    return new Promise((resolve) => {
      runtime.watchers.push(() => {
        const { commit, role, term } = runtime.group;
        if (commit >= result.index && runtime.group.termAt(result.index) === result.term) {
          resolve({ kind: 'committed', index: result.index });
        } else if (engine.stopped) resolve({ kind: 'unknown', reason: 'closing' });
        else if (role !== 'leader' || term !== result.term) {
          resolve({ kind: 'unknown', reason: 'leadership_lost' });
        } else if (engine.clock.now() >= deadline) resolve({ kind: 'unknown', reason: 'deadline' });
        else return false;
        return true;
      });
      engine.touch(runtime);
    });
  }

  /**
   * Stops: finishes the write in flight, writes what is waiting and what is staged, ends what is
   * pending as `unknown`, and closes the state machines, the transport and the storage.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const engine = this.#engine;
    const runtimes = [...engine.runtimes.values()];
    for (const runtime of runtimes) runtime.feed?.supersede();
    for (let pass = 0; pass < CLOSING_PASSES && !engine.stopped; pass += 1) {
      await engine.writer.idle();
      engine.turn();
      await engine.writer.idle();
      await Promise.all(runtimes.map((runtime) => runtime.machineIdle));
      if (engine.writer.isEmpty && engine.pendingProposals === 0) break;
    }
    engine.stop();
    engine.endAll('closing');
    for (const runtime of runtimes) engine.discard(runtime);
    await Promise.all(runtimes.map((runtime) => runtime.machineIdle));
    if (engine.failure === null && this.#options.storage.stagedBytes() > 0)
      await this.#options.storage.write([]);
    for (const runtime of runtimes) await runtime.machine.close?.();
    await this.#transport.close();
    await this.#options.storage.close();
  }

  #assertOpen(): void {
    if (this.#engine.failure !== null) throw this.#engine.failure;
    if (this.#closing !== null || this.#engine.stopped) {
      throw new RaftError('host_closed', 'The host is closed: open another one.');
    }
  }
}

function reject<Result>(reason: RejectReason, leader: NodeId | null): Promise<ProposeOutcome<Result>> {
  return Promise.resolve({ kind: 'rejected', reason, leader });
}

function unavailable(
  reason: Extract<ReadOutcome, { kind: 'unavailable' }>['reason'],
  leader: NodeId | null,
): Promise<ReadOutcome> {
  return Promise.resolve({ kind: 'unavailable', reason, leader });
}

/** Changes of membership are not proposed this way, so their reasons cannot come. */
function proposalReason(reason: ProposeRejection): RejectReason {
  switch (reason) {
    case 'not_leader':
    case 'transferring':
    case 'overloaded':
    case 'too_large':
      return reason;
    case 'conf_change_pending':
    case 'invalid_conf_change':
      return 'not_leader';
  }
}
