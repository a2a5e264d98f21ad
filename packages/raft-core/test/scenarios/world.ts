import { logIndex, nodeId } from '../../src/index.js';
import type { GroupLimits, MemberChange, Message, NodeId } from '../../src/index.js';
import { describeEntry, describeMessage, parseAppend } from './describe.js';
import { Replica } from './replica.js';

type Matcher = (message: Message) => boolean;

/** Replicas, the messages between them, and a clock: what the commands of a scenario work on. */
export class World {
  now = 0;
  readonly replicas = new Map<NodeId, Replica>();
  /** Sent and not delivered, in the order of sending. */
  wire: Message[] = [];
  /** Held back, to be released later. */
  held: Message[] = [];
  #limits: Partial<GroupLimits> = {};
  #cut = new Set<string>();
  #lines: string[] = [];

  /** Runs one command and returns what it says. */
  run(line: string): string[] {
    this.#lines = [];
    const [name = '', ...words] = line.trim().split(/\s+/);
    this.#command(name, words);
    this.#work();
    return this.#lines;
  }

  #say = (line: string): void => void this.#lines.push(line);

  #command(name: string, words: readonly string[]): void {
    const [first = '', ...rest] = words;
    switch (name) {
      case 'limits':
        this.#limits = Object.fromEntries(
          words.map((word) => word.split('=')).map(([k, v]) => [k, Number(v)]),
        );
        return;
      case 'nodes':
        this.#reset();
        this.#create(
          words,
          words.map((word) => nodeId(word)),
        );
        return;
      case 'joiner':
        this.#create(words, []);
        return;
      case 'campaign':
        this.#node(first).raft.campaign(this.now);
        return;
      case 'elect':
        this.#elect(this.#node(first));
        return;
      case 'propose':
        this.#propose(this.#node(first), rest);
        return;
      case 'conf':
        this.#conf(this.#node(first), rest);
        return;
      case 'transfer':
        this.#say(`${this.#node(first).raft.transferLeadership(this.now, nodeId(rest[0] ?? ''))}`);
        return;
      case 'read':
        this.#node(first).raft.readIndex(Number(rest[0]));
        return;
      case 'compact':
        this.#compact(this.#node(first), rest[0]);
        return;
      case 'peer-down':
        this.#node(first).raft.peerDown(this.now, nodeId(rest[0] ?? ''));
        return;
      case 'unreachable':
        this.#node(first).raft.unreachable(nodeId(rest[0] ?? ''));
        return;
      case 'elapse':
        this.now += Number(first);
        return;
      case 'tick':
        this.#tick(Number(first));
        return;
      case 'log':
        this.#log(this.#node(first));
        return;
      case 'status':
        for (const node of this.#some(words)) this.#say(node.status());
        return;
      case 'progress':
        for (const { node, state, match } of this.#node(first).raft.peers(this.now)) {
          this.#say(`${node}: ${state}, match ${match}`);
        }
        return;
      default:
        this.#fault(name, words);
    }
  }

  /** Commands of the network, the processes and the disks. */
  #fault(name: string, words: readonly string[]): void {
    const [first = '', second] = words;
    switch (name) {
      case 'wire':
        for (const message of this.wire) this.#say(describeMessage(message));
        return;
      case 'deliver':
        this.#deliver(this.#take('wire', words), true);
        return;
      case 'settle':
        this.#settle();
        return;
      case 'inject':
        this.#deliver([parseAppend(words)], true);
        return;
      case 'drop':
        for (const message of this.#take('wire', words)) this.#say(`lost: ${describeMessage(message)}`);
        return;
      case 'hold':
        this.held.push(...this.#tell(this.#take('wire', words), 'held'));
        return;
      case 'duplicate':
        this.held.push(...this.#tell(this.wire.filter(matcher(words)), 'copied'));
        return;
      case 'release':
        this.#deliver(this.#take('held', words), true);
        return;
      case 'cut':
        this.#cutLink(first);
        return;
      case 'isolate':
        this.#isolate(new Set(words));
        return;
      case 'heal':
        this.#cut.clear();
        return;
      case 'disk':
        this.#node(first).slowDisk = second === 'slow';
        return;
      case 'reads':
        this.#node(first).slowReads = second === 'slow';
        if (second !== 'slow') this.#node(first).answerReads();
        return;
      case 'sync':
        this.wire.push(...this.#node(first).sync(second === undefined ? Infinity : Number(second), true));
        return;
      case 'crash':
        for (const word of words) this.#node(word).crash();
        return;
      case 'restart':
        this.#node(first).restart(this.now, (second ?? 'as it was') as 'as it was');
        return;
      case 'pause':
        this.#node(first).paused = true;
        return;
      case 'resume':
        this.#resume(this.#node(first));
        return;
      default:
        throw new Error(`There is no command "${name}".`);
    }
  }

  #node(name: string): Replica {
    const replica = this.replicas.get(nodeId(name));
    if (replica === undefined) throw new Error(`There is no node "${name}".`);
    return replica;
  }

  #some(names: readonly string[]): Replica[] {
    return names.length === 0 ? [...this.replicas.values()] : names.map((name) => this.#node(name));
  }

  #create(names: readonly string[], voters: readonly NodeId[]): void {
    for (const name of names) {
      const id = nodeId(name);
      this.replicas.set(id, new Replica(id, voters, this.#limits, this.now, this.#say));
    }
  }

  /** A new cluster; the limits stay. */
  #reset(): void {
    this.now = 0;
    this.replicas.clear();
    this.wire = [];
    this.held = [];
    this.#cut.clear();
  }

  /** An election without faults, told in one line. */
  #elect(node: Replica): void {
    node.raft.campaign(this.now);
    this.#settle();
    this.#lines = this.#lines.filter((line) => !/ (follows|is|leads) /.test(line));
    this.#say(`${node.id} ${node.raft.role === 'leader' ? 'leads' : 'does not lead'} term ${node.raft.term}`);
  }

  #propose(node: Replica, commands: readonly string[]): void {
    for (const command of commands) {
      const result = node.raft.propose(Buffer.from(command));
      if (result.kind === 'appended')
        this.#say(`${node.id} appends ${result.index}/${result.term} ${command}`);
      else this.#say(`${node.id} refuses ${command}: ${result.reason}`);
    }
  }

  /** `+d` adds a voter, `~d` a learner, `-d` removes. */
  #conf(node: Replica, words: readonly string[]): void {
    const kinds = { '+': 'add_voter', '~': 'add_learner', '-': 'remove' } as const;
    const changes = words.map((word): MemberChange => ({
      kind: kinds[word[0] as '+'],
      node: nodeId(word.slice(1)),
    }));
    const result = node.raft.proposeConfChange({ changes });
    if (result.kind === 'appended') this.#say(`${node.id} appends ${result.index}/${result.term}`);
    else this.#say(`${node.id} refuses: ${result.reason}`);
  }

  #compact(node: Replica, index: string | undefined): void {
    const to = logIndex(index === undefined ? node.raft.applied : Number(index));
    const done = node.raft.compact(to);
    this.#say(`${node.id} ${done ? `has compacted up to ${node.raft.compactedIndex}` : 'compacts nothing'}`);
  }

  #log(node: Replica): void {
    const { compacted, entries } = node.log();
    const list = entries.map(describeEntry);
    if (compacted > 0) list.unshift(`(up to ${compacted} compacted)`);
    this.#say(`${node.id}: ${list.join(', ')}`);
  }

  #take(from: 'wire' | 'held', words: readonly string[]): Message[] {
    const matches = matcher(words);
    const taken = this[from].filter(matches);
    this[from] = this[from].filter((message) => !matches(message));
    return taken;
  }

  #tell(messages: readonly Message[], what: string): readonly Message[] {
    for (const message of messages) this.#say(`${what}: ${describeMessage(message)}`);
    return messages;
  }

  #deliver(messages: readonly Message[], tell: boolean): void {
    for (const message of messages) {
      const { from, to } = message;
      const target = this.replicas.get(to);
      if (target === undefined || target.down || this.#cut.has(`${from}->${to}`)) continue;
      if (tell) this.#say(describeMessage(message));
      if (target.paused) target.queued.push(message);
      else {
        target.raft.step(this.now, message);
        this.wire.push(...target.work(this.now));
      }
    }
  }

  /** Every replica gets its turn. */
  #work(): void {
    for (const replica of this.replicas.values()) {
      if (!replica.down && !replica.paused) this.wire.push(...replica.work(this.now));
    }
  }

  /** Messages flow until nothing moves; time stands still. */
  #settle(): void {
    let quiet = 0;
    for (let round = 0; round < 1_000 && quiet < 3; round += 1) {
      this.#work();
      quiet = this.wire.length === 0 ? quiet + 1 : 0;
      const messages = this.wire;
      this.wire = [];
      this.#deliver(messages, false);
    }
    if (quiet < 3) throw new Error('The messages do not come to rest.');
  }

  #tick(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now += 5;
      for (const { raft, down, paused } of this.replicas.values()) {
        if (!down && !paused && raft.deadline <= this.now) raft.tick(this.now);
      }
      this.#settle();
    }
  }

  #resume(node: Replica): void {
    node.paused = false;
    for (const message of node.queued.splice(0)) node.raft.step(this.now, message);
  }

  /** `a->b` one way, `a-b` both. */
  #cutLink(link: string): void {
    const [from = '', to = ''] = link.split(/->?/);
    this.#cut.add(`${from}->${to}`);
    if (!link.includes('->')) this.#cut.add(`${to}->${from}`);
  }

  #isolate(apart: ReadonlySet<string>): void {
    for (const a of this.replicas.keys()) {
      for (const b of this.replicas.keys()) if (apart.has(a) !== apart.has(b)) this.#cut.add(`${a}->${b}`);
    }
  }
}

/** `append`, `a->b`, `a->*`, or a kind and a link; nothing matches all. */
function matcher(words: readonly string[]): Matcher {
  const link = words.find((word) => word.includes('->'))?.split('->');
  const type = words.find((word) => !word.includes('->'));
  const is = (pattern: string | undefined, value: string): boolean =>
    pattern === undefined || pattern === '*' || pattern === value;
  return (message) => is(type, message.type) && is(link?.[0], message.from) && is(link?.[1], message.to);
}
