import type { LogIndex, NodeId } from '../../ids.js';
import { Group } from '../../group/group.js';
import type { EntryRead, Persist, Ready } from '../../group/ready.js';
import type { ConfState } from '../../log/entry.js';
import type { ConfChange } from '../../membership/conf-change.js';
import { ConfLog } from '../../membership/conf-log.js';
import { emptyConf } from '../../membership/conf-state.js';
import type { Message } from '../../message/message.js';
import type { GroupMeta } from '../../storage/storage.js';
import { Applier } from './applier.js';
import type { AppendOutcome, Server } from './client.js';
import { describeGroup, describeMessage, describeWrite, messageNumber } from './describe.js';
import { SimulatedDisk } from './disk.js';
import type { Victim } from './nemesis.js';
import { SimulatedProcess } from './process.js';
import { newMeta, replicaStart } from './replica-start.js';
import type { ReplicaWorld } from './replica-world.js';
import type { ReplicaView } from './safety-checker.js';
import { SkewedClock } from './skewed-clock.js';
import { SnapshotTraffic } from './snapshot-traffic.js';
import { TraceKind } from './trace.js';

/**
 * One process: a group, its disk and its state machine, driven as the host drives them, on a clock
 * of its own. It can die between any two things that it does.
 */
export class Replica implements Server, Victim, ReplicaView {
  readonly node: number;
  readonly name: NodeId;
  readonly disk: SimulatedDisk;
  readonly #world: ReplicaWorld;
  readonly #applier: Applier;
  readonly #snapshots: SnapshotTraffic;
  #group: Group | null = null;
  readonly #process: SimulatedProcess;
  readonly #clock: SkewedClock;
  #turnDue = false;
  #writing: Persist | null = null;
  #writingSince = 0;
  #stateLost = false;
  #incarnations = 0;

  constructor(node: number, name: NodeId, world: ReplicaWorld) {
    this.node = node;
    this.name = name;
    this.#world = world;
    this.#process = new SimulatedProcess(world.queue, () => this.crash());
    this.#clock = new SkewedClock(world.queue, world.plan.clockRates[node] ?? 1);
    this.disk = new SimulatedDisk(world.group, world.queue, world.random, world.plan);
    this.#applier = new Applier(node, world, {
      later: (delayMs, run) => this.#later(delayMs, run),
      point: () => this.#point(),
      applied: (index) => this.#input((group) => group.markApplied(index)),
    });
    this.#snapshots = new SnapshotTraffic(this.#applier, world.plan.chunkBytes, world.random, {
      later: (run) => this.#later((0.05 + world.random()) * world.plan.applyMs, run),
      input: (run) => this.#input((group) => run(group, this.#now)),
      restoring: () => {
        this.#stateLost = true;
        this.disk.machineReplaced(0 as LogIndex);
      },
      restored: (index) => {
        this.#stateLost = false;
        this.disk.machineReplaced(index);
      },
      point: () => this.#point(),
    });
  }

  // What others see of it.

  get up(): boolean {
    return this.#group !== null;
  }
  get running(): boolean {
    return this.up && !this.#process.paused;
  }
  get leads(): boolean {
    return this.#group?.role === 'leader';
  }
  get term(): ReplicaView['term'] {
    return this.#alive().term;
  }
  get commit(): LogIndex {
    return this.#alive().commit;
  }
  get lastIndex(): LogIndex {
    return this.#alive().lastIndex;
  }
  termAt(index: LogIndex): ReplicaView['term'] | null {
    return this.#alive().termAt(index);
  }
  get conf(): ConfState {
    return this.#group?.conf ?? emptyConf;
  }
  get storedConf(): ConfState {
    const stored = this.disk.image.stored();
    if (stored?.status !== 'healthy') return emptyConf;
    return new ConfLog(stored.meta.confIndex, stored.meta.conf, stored.configEntries).current;
  }
  get applied(): LogIndex {
    return this.#applier.machine.applied;
  }
  get leaderHint(): number {
    return this.#world.names.indexOf(this.#group?.leader ?? ('' as NodeId));
  }
  /** One line, for a run that does not come to rest. */
  describe(): string {
    const group = this.#group;
    if (group === null) return 'is down';
    return describeGroup(group, this.#now, this.applied);
  }

  get trustworthy(): boolean {
    const meta = this.disk.image.meta;
    if (meta === null) return true;
    return !this.disk.image.damaged && this.disk.image.lastIndex >= meta.voteFrom;
  }

  #alive(): Group {
    if (this.#group === null) throw new Error(`${this.name} is down.`);
    return this.#group;
  }

  get #now(): number {
    return this.#clock.now;
  }

  setClockRate(rate: number): void {
    this.#clock.setRate(rate);
  }

  // Life and death.

  /** Puts the first meta on the disk. */
  format(conf: ConfState): void {
    this.disk.image.apply({ group: this.#world.group, meta: this.#newMeta(conf) });
  }

  #newMeta(conf: ConfState): GroupMeta {
    this.#incarnations += 1;
    return newMeta(conf, `${this.name}.${this.#incarnations}`);
  }

  restart(): void {
    const { checker, trace } = this.#world;
    this.#applier.reopen(this.disk.durableApplied);
    const start = replicaStart({
      image: this.disk.image,
      applied: this.#applier.machine.applied,
      stateLost: this.#stateLost,
      newMeta: () => this.#newMeta(emptyConf),
    });
    const { applied, lost } = start;
    this.#process.begin();
    this.#turnDue = false;
    trace.note(
      TraceKind.process,
      this.node,
      1,
      applied,
      () => `${this.name} starts, applied ${applied}${lost === 'none' ? '' : `, has lost its ${lost}`}`,
    );
    checker.started(this.node);
    this.#group = new Group(this.#world.groupOptions(this.name), start, this.#now);
    checker.stepped(this);
    if (start.stored.meta.conf.voters.join() === this.name) this.#input((group) => group.campaign(this.#now));
    this.#scheduleTurn();
    this.#tick();
  }

  crash(): void {
    if (this.#group === null) return;
    const write = this.disk.crash();
    this.#group = null;
    this.#process.end();
    this.#writing = null;
    this.#applier.crash();
    this.#snapshots.crash();
    if (write === 'kept') this.#world.checker.landed(this.node);
    this.#world.died(this.node);
    this.#world.trace.note(
      TraceKind.process,
      this.node,
      0,
      write === 'kept' ? 1 : 0,
      () => `${this.name} dies${write === 'idle' ? '' : `, its write is ${write}`}`,
    );
  }

  crashAfter(points: number): void {
    this.#process.dieAfter(points);
  }

  damage(): void {
    this.disk.image.damage('the simulation flipped a bit');
    this.#world.checker.damaged(this.node);
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  #point(): void {
    this.#process.point();
  }

  #later(delayMs: number, run: () => void): void {
    this.#process.later(delayMs, run);
  }

  // Inputs.

  #input(run: (group: Group) => void): void {
    const group = this.#group;
    if (group === null) return;
    const { role, term } = group;
    run(group);
    this.#world.checker.stepped(this);
    if (group.role !== role || group.term !== term) {
      this.#world.trace.note(
        TraceKind.role,
        this.node,
        group.term,
        roleNumber(group),
        () => `${this.name} is ${group.role} in term ${group.term}`,
      );
      this.#applier.roleChanged(group.role === 'leader' ? group.term : null);
    }
    this.#scheduleTurn();
  }

  /** Often at once, often together with what arrives meanwhile. */
  #scheduleTurn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    const { random, plan } = this.#world;
    this.#later(random() < 0.5 ? 0 : random() * plan.turnMs, () => this.#turn());
  }

  deliver(message: Message): void {
    if (this.#group === null) return;
    this.#process.run(this.#process.life, () => {
      this.#world.trace.note(
        TraceKind.receive,
        this.node,
        messageNumber(message),
        message.term,
        () => `    ${this.name} hears ${describeMessage(message)}`,
      );
      this.#input((group) => group.step(this.#now, message));
    });
  }

  peerDown(peer: NodeId): void {
    this.#process.run(this.#process.life, () => this.#input((group) => group.peerDown(this.#now, peer)));
  }

  #tick(): void {
    this.#later(this.#world.plan.tickMs, () => {
      this.#tick();
      const { electionTimeoutMs } = this.#world.plan;
      const stuck = this.#writing !== null && this.#world.queue.now - this.#writingSince > electionTimeoutMs;
      // A hung disk must lose its leaderships (hashicorp/raft#503).
      if (stuck) this.#input((group) => group.stepDown(this.#now));
      else if ((this.#group?.deadline ?? Infinity) <= this.#now)
        this.#input((group) => group.tick(this.#now));
    });
  }

  propose(item: number, done: (outcome: AppendOutcome) => void): void {
    this.#process.run(this.#process.life, () => {
      this.#input((group) => {
        const data = new Uint8Array(
          4 + Math.floor(this.#world.random() * (this.#world.plan.paddingBytes + 1)),
        );
        new DataView(data.buffer).setUint32(0, item);
        const result = group.propose(data);
        if (result.kind === 'rejected') done({ kind: 'rejected' });
        else this.#applier.await(result.index, result.term, done);
      });
    });
  }

  read(done: (length: number | null) => void): void {
    this.#process.run(this.#process.life, () => {
      this.#input((group) => {
        const id = this.#applier.newRead(done);
        if (!group.readIndex(id)) this.#applier.refuseRead(id);
      });
    });
  }

  transferTo(node: NodeId): void {
    this.#process.run(this.#process.life, () =>
      this.#input((group) => void group.transferLeadership(this.#now, node)),
    );
  }

  changeMembership(change: ConfChange): void {
    this.#process.run(this.#process.life, () => {
      this.#input((group) => void group.proposeConfChange(change));
      // At once, so that the checker knows the configuration that counts from here on.
      this.#turn();
    });
  }

  // Outputs.

  #turn(): void {
    const group = this.#group;
    this.#turnDue = false;
    if (group === null) return;
    const ready = group.ready();
    this.#point();
    this.#send(ready.messagesNow);
    this.#readEntries(ready);
    for (const command of ready.snapshots) this.#snapshots.follow(command);
    this.#applier.serve(ready.readStates);
    if (ready.committed.length > 0) this.#applier.apply(ready.committed);
    this.#point();
    this.#write();
    this.#compact();
    if (ready.again) this.#scheduleTurn();
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#point();
      this.#world.checker.sends(this.node, message);
      const to = this.#world.names.indexOf(message.to);
      this.#world.trace.note(TraceKind.send, this.node, to, messageNumber(message), () =>
        describeMessage(message),
      );
      this.#world.network.send(this.node, to, () => this.#world.replica(to).deliver(message));
    }
  }

  #readEntries(ready: Ready): void {
    for (const read of ready.entryReads) {
      this.#later(this.#world.plan.syncMs * this.#world.random(), () => this.#entriesRead(read));
    }
  }

  #entriesRead(read: EntryRead): void {
    const { image } = this.disk;
    const gone = read.from <= image.compactedIndex || read.to > image.lastIndex;
    const entries = gone ? [] : image.read(read.from, read.to, read.maxBytes);
    this.#input((group) => group.entriesRead(read, entries));
  }

  /** One write at a time; what comes meanwhile goes with the next. */
  #write(): void {
    const group = this.#group;
    if (group === null || this.#writing !== null) return;
    const persist = group.takePersist();
    if (persist === null) return;
    const { write, token } = persist;
    this.#writing = persist;
    if (write === null) {
      this.#written();
      return;
    }
    this.#world.checker.writes(this, write);
    this.#writingSince = this.#world.queue.now;
    this.#world.trace.note(
      TraceKind.write,
      this.node,
      token,
      write.append?.at(-1)?.index ?? 0,
      () => `${this.name} writes ${describeWrite(write)}`,
    );
    const { life } = this.#process;
    this.disk.write(
      write,
      this.#snapshots.previousApplied ?? this.#applier.machine.applied,
      () => {
        this.#world.checker.landed(this.node);
        this.#process.run(life, () => this.#written());
      },
      () => {
        if (life === this.#process.life) this.crash();
      },
    );
  }

  #written(): void {
    const persist = this.#writing;
    if (persist === null) return;
    const { lastIndex } = this.disk.image;
    this.#world.trace.note(
      TraceKind.landed,
      this.node,
      persist.token,
      lastIndex,
      () => `${this.name} has written up to ${lastIndex}`,
    );
    this.#point();
    this.#send(persist.messagesAfterSync);
    this.#point();
    this.#writing = null;
    this.#input((group) => group.persisted(persist.token));
  }

  #compact(): void {
    const { compactEvery } = this.#world.plan;
    const group = this.#group;
    if (group === null || compactEvery === 0) return;
    const durable = Math.min(this.disk.durableApplied, group.applied) as LogIndex;
    if (durable - group.compactedIndex >= compactEvery) group.compact(durable);
  }
}

function roleNumber(group: Group): number {
  return ['leader', 'follower', 'candidate', 'pre_candidate'].indexOf(group.role);
}
