import { createRandom, defaultLimits, Group, logIndex } from '../../src/index.js';
import type {
  Entry,
  EntryRead,
  GroupLimits,
  GroupStart,
  Message,
  NodeId,
  Persist,
  Ready,
} from '../../src/index.js';
import { describeConf, describeEntry, describeWrite } from './describe.js';
import { Disk, group } from './disk.js';

const timing = { heartbeatMs: 10, electionTimeoutMs: 100 };
/** Bytes of a snapshot chunk: few, so that a short state takes several. */
const CHUNK = 4;

interface State {
  readonly index: number;
  readonly items: readonly string[];
}

/**
 * One replica, driven step by step: its group, its disk, and a state machine that is a list of words.
 * The state machine is durable as a real one is: what it has staged rides in the next write.
 */
export class Replica {
  readonly id: NodeId;
  disk: Disk;
  raft: Group;
  state: State = { index: 0, items: [] };
  durable: State = { index: 0, items: [] };
  slowDisk = false;
  slowReads = false;
  down = false;
  paused = false;
  /** What arrived while the process was paused. */
  queued: Message[] = [];
  writing: { readonly persist: Persist; readonly staged: State }[] = [];
  reading: EntryRead[] = [];
  readonly #limits: Partial<GroupLimits>;
  readonly #say: (line: string) => void;
  readonly #copies = new Map<number, State>();
  #restoring: { key: string; text: string } | null = null;
  #readsDue: { index: number; reads: readonly number[] }[] = [];
  #seen = '';
  #seenConf = '';

  constructor(
    id: NodeId,
    voters: readonly NodeId[],
    limits: Partial<GroupLimits>,
    now: number,
    say: (line: string) => void,
  ) {
    this.id = id;
    this.#limits = limits;
    this.#say = say;
    this.disk = new Disk(voters, `${id}1`);
    this.raft = this.#open(now, 'none');
    this.#seen = this.#role();
    this.#seenConf = describeConf(this.raft.conf);
  }

  #open(now: number, lost: GroupStart['lost']): Group {
    const options = {
      self: this.id,
      group,
      random: createRandom([...this.id].reduce((sum, char) => sum * 31 + char.charCodeAt(0), now + 1)),
      timing,
      limits: { ...defaultLimits, ...this.#limits },
    };
    return new Group(options, { stored: this.disk.stored(), applied: logIndex(this.state.index), lost }, now);
  }

  crash(): void {
    this.down = true;
    this.paused = false;
    this.queued = [];
    this.writing = [];
    this.reading = [];
    this.#readsDue = [];
    this.#restoring = null;
  }

  /** As the host does it: a state machine that is behind or ahead of the log is lost. */
  restart(now: number, how: 'as it was' | 'wiped' | 'damaged'): void {
    if (how !== 'as it was') {
      this.disk = new Disk([], `${this.disk.meta.incarnation}'`);
      this.durable = { index: 0, items: [] };
    }
    this.down = false;
    this.state = this.durable;
    const { meta, lastIndex } = this.disk;
    const mismatch = this.state.index < meta.compacted.index || this.state.index > lastIndex;
    const lost = how === 'damaged' ? 'log' : mismatch ? 'state' : 'none';
    if (lost === 'state')
      this.#say(`${this.id} has state ${this.state.index}, its log ends at ${lastIndex}: the state is lost`);
    this.raft = this.#open(now, lost);
    this.#seen = '';
    this.#seenConf = '';
  }

  /** One turn of the loop. Returns what it sends. */
  work(now: number): Message[] {
    const ready = this.raft.ready();
    const sent = [...ready.messagesNow];
    this.#apply(ready);
    for (const read of ready.entryReads) this.reading.push(read);
    if (!this.slowReads) this.answerReads();
    this.#snapshots(now, ready);
    for (const { index, reads } of ready.readStates) this.#readsDue.push({ index, reads });
    this.#answerReaders();
    const persist = this.raft.takePersist();
    if (persist !== null) this.writing.push({ persist, staged: this.state });
    if (!this.slowDisk) sent.push(...this.sync(Infinity, false));
    this.#note();
    return sent;
  }

  /** The disk completes the next writes, in order. */
  sync(count: number, tell: boolean): Message[] {
    const sent: Message[] = [];
    for (const { persist, staged } of this.writing.splice(0, count)) {
      if (persist.write !== null) {
        this.disk.write(persist.write);
        if (staged.index <= this.disk.lastIndex) this.durable = staged;
        if (tell) this.#say(`${this.id} wrote: ${describeWrite(persist.write)}`);
      }
      this.raft.persisted(persist.token);
      sent.push(...persist.messagesAfterSync);
    }
    return sent;
  }

  answerReads(): void {
    for (const read of this.reading.splice(0)) {
      const held = this.disk.entries.filter(({ index }) => index >= read.from && index <= read.to);
      this.raft.entriesRead(read, held.slice(0, 2));
    }
  }

  #apply({ committed }: Ready): void {
    const last = committed.at(-1);
    if (last === undefined) return;
    const items = [...this.state.items];
    for (const entry of committed) {
      if (entry.type !== 'normal') continue;
      items.push(Buffer.from(entry.data).toString());
      this.#say(`${this.id} applies ${describeEntry(entry)}`);
    }
    this.state = { index: last.index, items };
    this.raft.markApplied(last.index);
  }

  #answerReaders(): void {
    const due = this.#readsDue.filter(({ index }) => index <= this.raft.applied);
    this.#readsDue = this.#readsDue.filter(({ index }) => index > this.raft.applied);
    for (const { reads } of due) {
      for (const read of reads) this.#say(`${this.id} answers read ${read}: [${this.state.items.join(' ')}]`);
    }
  }

  #snapshots(now: number, { snapshots }: Ready): void {
    for (const command of snapshots) {
      if (command.kind === 'send') this.#sendChunk(now, command.to, command.id, command.offset);
      if (command.kind === 'stop_sending') this.#copies.delete(command.id);
      if (command.kind === 'restore') {
        this.#restoring = { key: command.key, text: '' };
        this.#say(`${this.id} begins to restore ${command.position.index}/${command.position.term}`);
      }
      if (command.kind === 'feed') this.#restore(now, command.key, command.data, command.done);
    }
  }

  #sendChunk(now: number, to: NodeId, id: number, offset: number): void {
    if (offset === 0) this.#copies.set(id, this.state);
    const copy = this.#copies.get(id);
    if (copy === undefined) {
      this.raft.snapshotChunk(now, to, id, null);
      return;
    }
    const bytes = Buffer.from(copy.items.join(','));
    const data = bytes.subarray(offset, offset + CHUNK);
    const done = offset + CHUNK >= bytes.length;
    this.raft.snapshotChunk(now, to, id, { index: logIndex(copy.index), offset, data, done });
  }

  #restore(now: number, key: string, data: Uint8Array, done: boolean): void {
    if (this.#restoring?.key !== key) return;
    this.#restoring.text += Buffer.from(data).toString();
    this.raft.snapshotChunkTaken(key);
    if (!done) return;
    const { text } = this.#restoring;
    this.raft.snapshotRestored(now, key);
    this.state = { index: this.raft.applied, items: text === '' ? [] : text.split(',') };
    this.durable = this.state;
    this.#say(`${this.id} has restored [${this.state.items.join(' ')}]`);
  }

  #role(): string {
    const { role, leader, term } = this.raft;
    if (role === 'leader') return `leads term ${term}`;
    if (role === 'follower') return `follows ${leader ?? 'nobody'}, term ${term}`;
    return `is ${role}, term ${term}`;
  }

  #note(): void {
    const role = this.#role();
    if (role !== this.#seen) this.#say(`${this.id} ${role}`);
    this.#seen = role;
    const conf = describeConf(this.raft.conf);
    if (conf !== this.#seenConf) this.#say(`${this.id} counts by voters ${conf === '' ? 'none' : conf}`);
    this.#seenConf = conf;
  }

  /** The log as it will be once every write is done. */
  log(): { readonly compacted: number; readonly entries: readonly Entry[] } {
    const disk = this.disk.copy();
    for (const { persist } of this.writing) if (persist.write !== null) disk.write(persist.write);
    return { compacted: disk.meta.compacted.index, entries: disk.entries };
  }

  status(): string {
    if (this.down) return `${this.id}: down`;
    const { commit, applied, lastIndex, stableIndex, lost } = this.raft;
    const durable = stableIndex === lastIndex ? '' : ` (durable ${stableIndex})`;
    const missing = lost === 'none' ? '' : `, its ${lost} is lost`;
    return `${this.id}: ${this.#role()}, last ${lastIndex}${durable}, commit ${commit}, applied ${applied}${missing}`;
  }
}
