import {
  createRandom,
  defaultLimits,
  Group,
  groupId,
  initialConf,
  logIndex,
  nodeId,
  term as toTerm,
} from '../../src/index.js';
import type {
  Entry,
  GroupLimits,
  GroupMeta,
  GroupWrite,
  LogIndex,
  Message,
  NodeId,
  Persist,
  StoredGroup,
  TermRun,
} from '../../src/index.js';

const group = groupId(7);
const timing = { heartbeatMs: 10, electionTimeoutMs: 100 };

/** What one replica has on disk, changed only by whole writes. */
export class Disk {
  meta: GroupMeta;
  entries: Entry[] = [];

  constructor(voters: readonly NodeId[], incarnation: string) {
    this.meta = {
      hardState: { term: toTerm(0), vote: null, commit: logIndex(0) },
      conf: initialConf(voters),
      confIndex: logIndex(0),
      incarnation,
      compacted: { index: logIndex(0), term: toTerm(0) },
      voteFrom: logIndex(0),
    };
  }

  write({ truncateFrom, append, meta, reset }: GroupWrite): void {
    if (truncateFrom !== undefined) this.entries = this.entries.filter(({ index }) => index < truncateFrom);
    if (append !== undefined) this.entries.push(...append);
    if (meta !== undefined) this.meta = meta;
    if (reset === true) this.entries = [];
    this.entries = this.entries.filter(({ index }) => index > this.meta.compacted.index);
  }

  stored(): Extract<StoredGroup, { status: 'healthy' }> {
    const termRuns: TermRun[] = [];
    for (const { index, term } of this.entries) {
      if (termRuns.at(-1)?.term !== term) termRuns.push({ index, term });
    }
    const { meta } = this;
    const lastIndex = this.entries.at(-1)?.index ?? meta.compacted.index;
    const configEntries = this.entries.filter(
      ({ type, index }) => type === 'config' && index > meta.confIndex,
    );
    return { status: 'healthy', group, meta, lastIndex, termRuns, configEntries };
  }
}

/** One replica with its disk and a state machine that is a list of strings. */
export class Node {
  readonly id: NodeId;
  disk: Disk;
  group: Group;
  applied: string[] = [];
  readyReads: number[] = [];
  /** Taken and not durable yet, while the disk is slow. */
  writing: Persist[] = [];
  slowDisk = false;
  down = false;
  appliedIndex = 0;
  readonly #copies = new Map<number, { index: number; text: string }>();
  #restoring: { key: string; text: string } | null = null;
  #saved: { readonly applied: readonly string[]; readonly index: number } = { applied: [], index: 0 };

  constructor(id: NodeId, disk: Disk, limits: Partial<GroupLimits>, now: number) {
    this.id = id;
    this.disk = disk;
    this.group = this.#open(limits, now);
  }

  /** What is applied so far survives a restart. */
  save(): void {
    this.#saved = { applied: [...this.applied], index: this.appliedIndex };
  }

  /** The process dies; what was not durable is gone, and so is what the state machine did not save. */
  restart(limits: Partial<GroupLimits>, now: number, lost: 'none' | 'log' = 'none'): void {
    this.writing = [];
    this.applied = [...this.#saved.applied];
    this.appliedIndex = this.#saved.index;
    if (lost === 'log') this.disk = new Disk([], `${this.disk.meta.incarnation}'`);
    this.group = this.#open(limits, now, lost);
    this.down = false;
  }

  #open(limits: Partial<GroupLimits>, now: number, lost: 'none' | 'log' = 'none'): Group {
    const seed = [...this.id].reduce((sum, char) => sum * 31 + char.charCodeAt(0), now + 1);
    const options = {
      self: this.id,
      group,
      random: createRandom(seed),
      timing,
      limits: { ...defaultLimits, ...limits },
    };
    const stored = this.disk.stored();
    const start = {
      stored,
      applied: logIndex(this.appliedIndex),
      lost: stored.meta.compacted.index > this.appliedIndex ? 'state' : lost,
    } as const;
    return new Group(options, start, now);
  }

  /** Does what the group asks, and returns what it sends. */
  work(now: number): Message[] {
    const { group: raft } = this;
    const ready = raft.ready();
    const sent = [...ready.messagesNow];
    for (const read of ready.entryReads) {
      const entries = this.disk.entries.filter(({ index }) => index >= read.from && index <= read.to);
      raft.entriesRead(read, entries.slice(0, 2));
    }
    const last = ready.committed.at(-1);
    for (const { type, data } of ready.committed) {
      if (type === 'normal') this.applied.push(Buffer.from(data).toString());
    }
    if (last !== undefined) {
      this.appliedIndex = last.index;
      raft.markApplied(last.index);
    }
    for (const { reads, index } of ready.readStates) {
      if (raft.applied < index) throw new Error(`read point ${index} is not applied yet`);
      this.readyReads.push(...reads);
    }
    for (const command of ready.snapshots) {
      if (command.kind === 'send') this.#sendChunk(now, command.to, command.id, command.offset);
      if (command.kind === 'restore') this.#restoring = { key: command.key, text: '' };
      if (command.kind === 'feed') this.#restore(now, command.key, command.data, command.done);
    }
    const persist = raft.takePersist();
    if (persist !== null) this.writing.push(persist);
    if (!this.slowDisk) sent.push(...this.sync());
    return sent;
  }

  /** The disk catches up with everything, or with the first few writes. */
  sync(count = Infinity): Message[] {
    const sent: Message[] = [];
    for (const { write, token, messagesAfterSync } of this.writing.splice(0, count)) {
      if (write !== null) this.disk.write(write);
      this.group.persisted(token);
      sent.push(...messagesAfterSync);
    }
    return sent;
  }

  /** Two bytes a chunk. */
  #sendChunk(now: number, to: NodeId, id: number, offset: number): void {
    if (offset === 0) this.#copies.set(id, { index: this.appliedIndex, text: this.applied.join(',') });
    const copy = this.#copies.get(id) ?? { index: 0, text: '' };
    const bytes = Buffer.from(copy.text);
    const data = bytes.subarray(offset, offset + 2);
    const done = offset + 2 >= bytes.length;
    this.group.snapshotChunk(now, to, id, { index: logIndex(copy.index), offset, data, done });
  }

  #restore(now: number, key: string, data: Uint8Array, done: boolean): void {
    if (this.#restoring?.key !== key) return;
    this.#restoring.text += Buffer.from(data).toString();
    this.group.snapshotChunkTaken(key);
    if (!done) return;
    const { text } = this.#restoring;
    this.applied = text === '' ? [] : text.split(',');
    this.group.snapshotRestored(now, key);
    this.appliedIndex = this.group.applied;
  }
}

/** Replicas on a virtual clock, with a network that delivers in order unless a filter says otherwise. */
export class Cluster {
  now = 0;
  readonly nodes = new Map<NodeId, Node>();
  readonly #limits: Partial<GroupLimits>;
  /** Messages that pass; everything by default. */
  passes: (message: Message) => boolean = () => true;
  #wire: Message[] = [];

  constructor(names: string, limits: Partial<GroupLimits> = {}) {
    this.#limits = limits;
    const ids = [...names].map((name) => nodeId(name));
    for (const id of ids) this.nodes.set(id, new Node(id, new Disk(ids, `first-${id}`), limits, 0));
  }

  node(name: string): Node {
    const node = this.nodes.get(nodeId(name));
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  /** A replica that joins: it knows no members. */
  join(name: string): Node {
    const node = new Node(nodeId(name), new Disk([], `first-${name}`), this.#limits, this.now);
    this.nodes.set(node.id, node);
    return node;
  }

  restart(name: string, lost: 'none' | 'log' = 'none'): void {
    this.node(name).restart(this.#limits, this.now, lost);
  }

  /** Lets messages flow until nothing moves; time stands still. */
  settle(): void {
    let quiet = 0;
    for (let round = 0; round < 1_000; round += 1) {
      for (const node of this.nodes.values()) {
        if (!node.down) this.#wire.push(...node.work(this.now));
      }
      // A write that completed may set off something in the next round.
      quiet = this.#wire.length === 0 ? quiet + 1 : 0;
      if (quiet === 3) return;
      const wire = this.#wire;
      this.#wire = [];
      for (const message of wire) this.deliver(message);
    }
    throw new Error('the cluster does not come to rest');
  }

  deliver(message: Message): void {
    const to = this.nodes.get(message.to);
    const from = this.nodes.get(message.from);
    if (to === undefined || to.down || from?.down === true || !this.passes(message)) return;
    to.group.step(this.now, message);
  }

  /** Time passes in small steps, with everything that it sets off. */
  run(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now += 5;
      for (const node of this.nodes.values()) {
        if (!node.down && node.group.deadline <= this.now) node.group.tick(this.now);
      }
      this.settle();
    }
  }

  /** Runs until the condition holds; a virtual second is more than anything here needs. */
  until(condition: () => boolean): void {
    for (let step = 0; step < 400 && !condition(); step += 1) this.run(5);
    if (!condition()) throw new Error('the condition does not come true');
  }

  elect(name: string): Node {
    const node = this.node(name);
    node.group.campaign(this.now);
    this.settle();
    if (node.group.role !== 'leader') throw new Error(`${name} was not elected`);
    return node;
  }

  propose(name: string, ...commands: string[]): LogIndex {
    let index = logIndex(0);
    for (const command of commands) {
      const result = this.node(name).group.propose(Buffer.from(command));
      if (result.kind !== 'appended') throw new Error(`${name} refused: ${result.reason}`);
      index = result.index;
    }
    return index;
  }

  /** Cuts the named nodes off from the rest, in both directions. */
  isolate(...names: string[]): void {
    const apart = new Set(names.map((name) => nodeId(name)));
    this.passes = ({ from, to }) => apart.has(from) === apart.has(to);
  }

  heal(): void {
    this.passes = () => true;
  }

  leaders(): Node[] {
    return [...this.nodes.values()].filter(({ down, group: raft }) => !down && raft.role === 'leader');
  }
}
