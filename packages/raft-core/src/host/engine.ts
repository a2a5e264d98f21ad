import { RaftError } from '../errors.js';
import type { NodeId } from '../ids.js';
import type { EntryRead, Persist, Ready } from '../group/ready.js';
import type { Message } from '../message/message.js';
import type { RaftStorage } from '../storage/storage.js';
import type { Transport, TransportHandler } from '../transport/transport.js';
import type { Clock } from './clock.js';
import type { Settings } from './defaults.js';
import { Inbox } from './inbox.js';
import { MachineDriver } from './machine-driver.js';
import type { HostObserver } from './observer.js';
import { Outbound } from './outbound.js';
import type { ProposeOutcome } from './outcome.js';
import type { Pending } from './proposals.js';
import type { Runtime } from './runtime.js';
import { SnapshotDriver } from './snapshot-driver.js';
import { Ticker } from './ticker.js';
import { Writer } from './writer.js';

export interface EngineOptions {
  readonly storage: RaftStorage;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly observer: HostObserver;
  readonly onFatal: (error: RaftError) => void;
}

/**
 * The loop that drives all groups of a process. One turn: step what arrived, let every group with
 * something to do say what it wants, send, apply, and start the next write if none is in flight.
 */
export class Engine<Result> implements TransportHandler {
  readonly runtimes = new Map<number, Runtime<Result>>();
  readonly clock: Clock;
  readonly settings: Settings;
  readonly writer: Writer<Result>;
  readonly snapshots: SnapshotDriver<Result>;
  readonly #options: EngineOptions;
  readonly #inbox: Inbox;
  readonly #outbound: Outbound;
  readonly #machines: MachineDriver<Result>;
  readonly #ticker: Ticker<Result>;
  #dirty: Runtime<Result>[] = [];
  #scheduled = false;
  #stopped = false;
  #stopTasks: (() => void)[] = [];
  /** Proposals of all groups that have not ended. */
  pendingProposals = 0;
  pendingBytes = 0;
  failure: RaftError | null = null;

  constructor(options: EngineOptions) {
    const { clock, settings, observer, storage } = options;
    this.#options = options;
    this.clock = clock;
    this.settings = settings;
    this.#inbox = new Inbox(settings.limits);
    this.#outbound = new Outbound(options.transport);
    this.writer = new Writer(storage, clock, settings.limits.maxBatchBytes, observer, {
      durable: (runtime, persist) => {
        this.#onDurable(runtime, persist);
      },
      written: () => {
        // Not at once: what arrived during the write comes first, and goes into the next one, and into its frames.
        this.schedule();
      },
      failed: (error) => {
        this.fatal(storageFailure(error));
      },
    });
    const touch = (runtime: Runtime<Result>): void => {
      this.touch(runtime);
    };
    const fatal = (error: RaftError): void => {
      this.fatal(error);
    };
    const { compaction, limits } = settings;
    this.#machines = new MachineDriver({ clock, observer, compaction, end: this.end, touch, fatal });
    this.snapshots = new SnapshotDriver({
      clock,
      limits,
      touch,
      fatal,
      restored: (runtime) => {
        this.#onRestored(runtime);
      },
    });
    this.#ticker = new Ticker(this, storage, observer);
  }

  start(): void {
    this.#ticker.start();
    this.schedule();
  }

  /** No more turns, timers or writes. */
  stop(): void {
    this.#stopped = true;
    this.#ticker.stop();
    this.writer.stop();
    const tasks = this.#stopTasks;
    this.#stopTasks = [];
    for (const task of tasks) task();
    for (const runtime of this.runtimes.values()) {
      runtime.watchers = runtime.watchers.filter((watcher) => !watcher());
    }
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Called once the engine stops, for whatever reason. */
  onStop(task: () => void): void {
    if (this.#stopped) task();
    else this.#stopTasks.push(task);
  }

  /** The group is going: what it holds open is released, what waits for it ends. */
  discard(runtime: Runtime<Result>): void {
    runtime.feed?.supersede();
    for (const peer of [...runtime.readers.keys()]) this.snapshots.stopSending(runtime, peer);
    this.#endGroup(runtime, 'closing');
  }

  receive(from: NodeId, messages: readonly Message[]): void {
    if (this.#stopped) return;
    const dropped = this.#inbox.push(from, messages);
    if (dropped > 0) this.#options.observer.onInboxOverflow?.(from, dropped);
    this.schedule();
  }

  peerDown(peer: NodeId): void {
    for (const runtime of this.runtimes.values()) {
      runtime.group.peerDown(this.clock.now(), peer);
      this.touch(runtime);
    }
  }

  unreachable(peer: NodeId): void {
    for (const runtime of this.runtimes.values()) runtime.group.unreachable(peer);
  }

  /** The group has something to do in the next turn. */
  touch(runtime: Runtime<Result>): void {
    if (runtime.dirty) return;
    runtime.dirty = true;
    this.#dirty.push(runtime);
    this.schedule();
  }

  /** After a message or a tick: hundreds of groups have nothing to do but to say that they are there. */
  settle(runtime: Runtime<Result>, message: Message | null): void {
    const { group } = runtime;
    const known = group.leader === runtime.seenLeader && group.term === runtime.seenTerm;
    const quiet = known && group.role === runtime.seenRole && runtime.watchers.length === 0;
    const messages = quiet ? group.takeRoutine(message) : null;
    if (messages === null) this.touch(runtime);
    else if (messages.length > 0) this.#outbound.add(messages);
  }

  /** A turn follows the I/O events that are ready now, so that it serves all of them at once. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.clock.defer(() => {
      this.#scheduled = false;
      this.turn();
    });
  }

  turn(): void {
    if (this.#stopped) return;
    try {
      this.#drainInbox();
      this.#serveDirty();
      this.writer.pump();
      // Last, with the parts that had nothing to write and were released by the pump: the disk works meanwhile.
      this.#outbound.flush();
    } catch (error) {
      this.fatal(toFatal(error));
    }
  }

  /** Steps what has arrived. Also called before elections, so that none is held on old news. */
  #drainInbox(): void {
    if (this.#inbox.isEmpty) return;
    const now = this.clock.now();
    for (const message of this.#inbox.take()) {
      const runtime = this.runtimes.get(message.group);
      if (runtime === undefined) continue;
      runtime.group.step(now, message);
      this.settle(runtime, message);
    }
  }

  /** Each group once, in the order they asked; what that sets off comes with the next turn. */
  #serveDirty(): void {
    const groups = this.#dirty;
    if (groups.length === 0) return;
    this.#dirty = [];
    const now = this.clock.now();
    for (const runtime of groups) {
      runtime.dirty = false;
      if (runtime.destroyed) continue;
      this.#serve(runtime);
      this.#ticker.due(runtime.dueAt(now));
    }
  }

  #serve(runtime: Runtime<Result>): void {
    const { group, reads } = runtime;
    if (reads.haveNew) reads.start((id) => group.readIndex(id));
    const ready = group.ready();
    this.#noteRole(runtime);
    if (ready.messagesNow.length > 0) this.#outbound.add(ready.messagesNow);
    this.#serveRare(runtime, ready);
    if (ready.committed.length > 0) this.#machines.apply(runtime, ready.committed);
    if (group.wantsPersist()) this.writer.enqueue(runtime);
    if (runtime.watchers.length > 0) runtime.watchers = runtime.watchers.filter((watcher) => !watcher());
    if (ready.again) this.touch(runtime);
  }

  /** What few turns have. Lengths come first: hundreds of groups pass here in every turn of the host. */
  #serveRare(runtime: Runtime<Result>, { readStates, entryReads, snapshots }: Ready): void {
    if (readStates.length > 0) {
      for (const { reads, index } of readStates) runtime.reads.found(reads, index, runtime.group.applied);
      this.touch(runtime);
    }
    if (entryReads.length > 0) for (const read of entryReads) this.#readEntries(runtime, read);
    if (snapshots.length > 0) for (const command of snapshots) this.snapshots.run(runtime, command);
  }

  #readEntries(runtime: Runtime<Result>, read: EntryRead): void {
    this.#options.storage.read(runtime.id, read.from, read.to, read.maxBytes).then(
      (entries) => {
        runtime.group.entriesRead(read, entries);
        this.touch(runtime);
      },
      (error: unknown) => {
        if (runtime.destroyed || this.#stopped) return;
        // Compacted while it was read: the group goes on with a snapshot.
        if (runtime.group.compactedIndex >= read.from) {
          runtime.group.entriesRead(read, []);
          this.touch(runtime);
        } else this.fatal(storageFailure(error));
      },
    );
  }

  #onDurable(runtime: Runtime<Result>, persist: Persist): void {
    if (runtime.destroyed) return;
    const { group, watchers } = runtime;
    const { role, commit } = group;
    group.persisted(persist.token);
    if (persist.messagesAfterSync.length > 0) this.#outbound.add(persist.messagesAfterSync);
    // Most are done for now: a follower has sent its acknowledgement, a leader waits for those of others.
    const more = group.role !== role || group.commit !== commit || group.canApply || group.installing;
    if (more || watchers.length > 0) this.touch(runtime);
  }

  #onRestored(runtime: Runtime<Result>): void {
    const { group, proposals, reads } = runtime;
    runtime.damage = null;
    for (const pending of proposals.takeAll()) {
      this.end(pending, { kind: 'unknown', reason: 'leadership_lost' });
    }
    reads.applied(group.applied);
  }

  #noteRole(runtime: Runtime<Result>): void {
    const { group } = runtime;
    const { role, leader, term } = group;
    if (role === runtime.seenRole && leader === runtime.seenLeader && term === runtime.seenTerm) return;
    const { observer } = this.#options;
    if (runtime.seenRole === 'leader' && (role !== 'leader' || term !== runtime.seenTerm)) {
      runtime.proposals.orphan(this.clock.now() + 2 * this.settings.timing.electionTimeoutMs);
    }
    if (role !== runtime.seenRole) observer.onRoleChange?.(runtime.id, role, runtime.seenRole, term);
    if (leader !== runtime.seenLeader) observer.onLeaderChange?.(runtime.id, leader, term);
    runtime.seenRole = role;
    runtime.seenLeader = leader;
    runtime.seenTerm = term;
  }

  /** Ends one proposal, once. */
  readonly end = (pending: Pending<Result>, outcome: ProposeOutcome<Result>): void => {
    const { resolve } = pending;
    if (resolve === null) return;
    pending.resolve = null;
    this.pendingProposals -= 1;
    this.pendingBytes -= pending.bytes;
    const { onProposal } = this.#options.observer;
    if (onProposal !== undefined) {
      const reason = outcome.kind === 'committed' ? null : outcome.reason;
      this.#options.observer.onProposal?.(outcome.kind, reason, this.clock.now() - pending.startedAt);
    }
    resolve(outcome);
  };

  /** The first failure ends everything: what is acknowledged after a disk error may be gone. */
  fatal(error: RaftError): void {
    if (this.failure !== null || this.#stopped) return;
    this.failure = error;
    this.stop();
    this.endAll('storage_failed');
    this.#options.onFatal(error);
  }

  endAll(reason: 'storage_failed' | 'closing'): void {
    for (const runtime of this.runtimes.values()) this.#endGroup(runtime, reason);
  }

  /** Ends what is pending; only what certainly went nowhere is `rejected`. */
  #endGroup(runtime: Runtime<Result>, reason: 'storage_failed' | 'closing'): void {
    const { group } = runtime;
    for (const pending of runtime.proposals.takeAll()) {
      const neverLeft = !group.hasPeers && pending.index > group.handedIndex;
      const outcome: ProposeOutcome<Result> = neverLeft
        ? { kind: 'rejected', reason: 'closing', leader: null }
        : { kind: 'unknown', reason };
      this.end(pending, outcome);
    }
    runtime.reads.endAll({ kind: 'unavailable', reason, leader: group.leader });
  }
}

function storageFailure(error: unknown): RaftError {
  const message =
    'The storage failed; the host stops and nothing more is acknowledged. Exit, check the disk, restart.';
  return new RaftError('storage_failed', message, { cause: error });
}

function toFatal(error: unknown): RaftError {
  if (error instanceof RaftError) return error;
  return new RaftError('assertion', 'An unexpected error in the consensus loop; the host stops.', {
    cause: error,
  });
}
