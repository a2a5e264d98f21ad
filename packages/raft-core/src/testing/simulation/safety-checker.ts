import type { LogIndex, NodeId, Term } from '../../ids.js';
import type { ConfState, Entry } from '../../log/entry.js';
import { decodeConf, emptyConf } from '../../membership/conf-state.js';
import type { Message } from '../../message/message.js';
import type { GroupWrite } from '../../storage/storage.js';
import type { GroupImage } from '../memory/group-image.js';
import { confStepProblem, isQuorum } from './conf-rules.js';
import { Violation } from './history.js';
import { KnownEntries, sameEntry } from './known-entries.js';
import { ShadowLog } from './shadow-log.js';
import { VotesCast } from './votes-cast.js';

/** What the checker looks at after every step of a replica. */
export interface ReplicaView {
  readonly node: number;
  readonly leads: boolean;
  readonly term: Term;
  readonly commit: LogIndex;
  readonly lastIndex: LogIndex;
  readonly conf: ConfState;
  termAt(index: LogIndex): Term | null;
}

interface Sighting {
  leads: boolean;
  term: number;
  commit: number;
  vote: string | null;
  votedIn: number;
  /** In force at the end of the step before. */
  conf: ConfState;
}

/**
 * The safety properties of Raft (figure 3 of the paper), checked after every step and at constant
 * cost per step, from outside: it sees what a replica writes, sends, commits and applies, never its
 * variables beyond role, term and commit index.
 */
export class SafetyChecker {
  readonly #names: readonly NodeId[];
  readonly #image: (node: number) => GroupImage;
  readonly #shadows: ShadowLog[];
  readonly #sightings: Sighting[];
  readonly #lost: number[] = [];
  readonly #leaders = new Map<number, number>();
  readonly #entries = new KnownEntries();
  readonly #votes: VotesCast;
  /** `#committed[i]` is the term of the entry that is committed at index i. */
  readonly #committed: number[] = [0];
  /** The term of the leader that committed it. */
  readonly #committedIn: number[] = [0];
  /** `#applied[i]` is the entry that some replica has applied at index i. */
  readonly #lengths: (number | undefined)[] = [0];
  readonly #applied: (Entry | undefined)[] = [undefined];

  constructor(names: readonly NodeId[], image: (node: number) => GroupImage) {
    this.#names = names;
    this.#votes = new VotesCast(names);
    this.#image = image;
    this.#shadows = names.map(() => new ShadowLog());
    this.#sightings = names.map(() => ({
      leads: false,
      term: 0,
      commit: 0,
      vote: null,
      votedIn: 0,
      conf: emptyConf,
    }));
  }

  get commit(): LogIndex {
    return (this.#committed.length - 1) as LogIndex;
  }

  /** Terms that had a leader. */
  get terms(): number {
    return this.#leaders.size;
  }

  /** The replica starts, new or from its disk: what it held only in memory is gone. */
  started(node: number): void {
    const image = this.#image(node);
    const shadow = this.#shadow(node);
    this.#sightings[node] = { ...this.#sighting(node), leads: false, commit: 0 };
    const meta = image.meta;
    if (meta === null || image.damaged) return;
    shadow.reset(meta.compacted.index, meta.compacted.term, meta.confIndex, meta.conf);
    for (let index = image.compactedIndex + 1; index <= image.lastIndex; index += 1) {
      const entry = image.entry(index);
      if (entry !== undefined) shadow.append(entry.index, entry.term, this.#confOf(entry));
    }
  }

  /**
   * What the replica's disk held is lost. It may have acknowledged all of that, and a leader may
   * count on it: `voteFrom` is what keeps this safe, so the entries still count as held.
   */
  damaged(node: number): void {
    this.#lost[node] = Math.max(this.#lostUpTo(node), this.#image(node).lastIndex);
    // Its votes are forgotten too; `#votes` still knows those that it gave to others.
    this.#votes.candidaciesLost(node, (term) => this.#leaders.get(term) === node);
    Object.assign(this.#sighting(node), { vote: null, votedIn: 0 });
  }

  #lostUpTo(node: number): number {
    return this.#lost[node] ?? 0;
  }

  /** A replica hands out a write: log matching and the rules of configuration changes. */
  writes(view: ReplicaView, write: GroupWrite): void {
    const shadow = this.#shadow(view.node);
    if (write.reset === true && write.meta !== undefined) {
      const { compacted, conf, confIndex } = write.meta;
      const known = this.#committed[compacted.index];
      if (known !== compacted.term) {
        throw new Violation(
          'state-machine safety',
          `${this.#name(view.node)} takes a snapshot at ${compacted.index} of term ${compacted.term}, committed there is term ${known ?? 'nothing'}`,
        );
      }
      shadow.reset(compacted.index, compacted.term, confIndex, conf);
    }
    if (write.truncateFrom !== undefined) {
      this.#checkTruncate(view.node, shadow, write.truncateFrom, write.append ?? []);
      shadow.truncate(write.truncateFrom);
    }
    for (const entry of write.append ?? []) {
      this.#entries.note(entry, shadow.term(entry.index - 1) ?? 0, this.#name(view.node));
      const conf = this.#confOf(entry);
      if (conf !== null) this.#checkConf(view, shadow, entry, conf);
      shadow.append(entry.index, entry.term, conf);
    }
  }

  /**
   * A leader of an earlier term than the one that committed an entry may have replaced it before that,
   * in the memory of a replica whose disk is slow (seed 118540). Later leaders have it.
   */
  #checkTruncate(node: number, shadow: ShadowLog, from: LogIndex, append: readonly Entry[]): void {
    const by = append.at(-1)?.term ?? Infinity;
    for (let index: number = from; index <= Math.min(shadow.lastIndex, this.commit); index += 1) {
      const term = this.#committed[index];
      const goes = shadow.term(index) === term && append[index - from]?.term !== term;
      if (goes && by >= (this.#committedIn[index] ?? 0)) {
        throw new Violation('commit is final', `${this.#name(node)} truncates ${index}, which is committed`);
      }
    }
  }

  #checkConf(view: ReplicaView, shadow: ShadowLog, entry: Entry, conf: ConfState): void {
    const before = shadow.conf;
    const problem = confStepProblem(before.conf, conf);
    if (problem !== null)
      throw new Violation('configuration', `entry ${entry.index} on ${this.#name(view.node)}: ${problem}`);
    if (!view.leads || entry.term !== view.term) return;
    if (before.index > view.commit) {
      throw new Violation(
        'configuration',
        `${this.#name(view.node)} proposes ${entry.index} while the change at ${before.index} is not committed`,
      );
    }
    if (view.termAt(view.commit) !== view.term) {
      throw new Violation(
        'configuration',
        `${this.#name(view.node)} proposes ${entry.index} before it has committed an entry of its term ${view.term}`,
      );
    }
  }

  #confOf(entry: Entry): ConfState | null {
    return entry.type === 'config' ? decodeConf(entry.data) : null;
  }

  /** A write has landed: what a replica has promised in its hard state stays promised. */
  landed(node: number): void {
    const meta = this.#image(node).meta;
    if (meta === null) return;
    const seen = this.#sighting(node);
    const { term, vote } = meta.hardState;
    if (term < seen.votedIn)
      throw new Violation(
        'durable vote',
        `${this.#name(node)} goes back from term ${seen.votedIn} to ${term}`,
      );
    if (term === seen.votedIn && seen.vote !== null && vote !== seen.vote) {
      throw new Violation(
        'durable vote',
        `${this.#name(node)} changes its vote in term ${term} from ${seen.vote} to ${vote ?? 'none'}`,
      );
    }
    seen.votedIn = term;
    seen.vote = vote;
  }

  /** A message leaves: what it promises must be durable. */
  sends(node: number, message: Message): void {
    switch (message.type) {
      case 'append':
        this.#entries.noteSent(message.entries, message.prevTerm, this.#name(node));
        return;
      case 'vote_request':
        if (!message.pre) this.#vote(node, message.term, message.from);
        return;
      case 'vote_response':
        if (!message.pre && message.granted) this.#vote(node, message.requestTerm, message.to);
        return;
      case 'append_response':
        if (message.outcome.kind === 'accepted') this.#checkAck(node, message.outcome.index, message.term);
        return;
      default:
    }
  }

  #vote(node: number, term: Term, candidate: NodeId): void {
    this.#votes.cast(node, term, candidate, this.#image(node).meta?.hardState);
  }

  #checkAck(node: number, index: LogIndex, term: Term): void {
    const image = this.#image(node);
    const durableTerm = image.meta?.hardState.term ?? 0;
    if (image.lastIndex < index || durableTerm < term) {
      throw new Violation(
        'ack before sync',
        `${this.#name(node)} acknowledges ${index} in term ${term}, its disk ends at ${image.lastIndex} in term ${durableTerm}`,
      );
    }
  }

  /** After each step of a replica: election safety, leader completeness, commits. */
  stepped(view: ReplicaView): void {
    const seen = this.#sighting(view.node);
    if (view.term < seen.term && seen.leads) {
      throw new Violation(
        'terms grow',
        `${this.#name(view.node)} goes back from term ${seen.term} to ${view.term}`,
      );
    }
    if (view.leads && (!seen.leads || seen.term !== view.term)) this.#elected(view);
    // A leader that its own commit removed has stepped down within the step.
    const led = view.leads || (seen.leads && seen.term === view.term);
    seen.leads = view.leads;
    seen.term = view.term;
    if (view.commit < seen.commit) {
      throw new Violation(
        'commit is final',
        `${this.#name(view.node)} goes back from commit ${seen.commit} to ${view.commit}`,
      );
    }
    if (view.commit > seen.commit) {
      this.#commits(view, led, seen.conf);
      seen.commit = view.commit;
    }
    seen.conf = view.conf;
  }

  #elected(view: ReplicaView): void {
    const other = this.#leaders.get(view.term);
    if (other !== undefined && other !== view.node) {
      throw new Violation(
        'election safety',
        `${this.#name(other)} and ${this.#name(view.node)} both lead term ${view.term}`,
      );
    }
    this.#leaders.set(view.term, view.node);
    const hardState = this.#image(view.node).meta?.hardState;
    if (hardState?.term !== view.term || hardState.vote !== this.#name(view.node)) {
      throw new Violation(
        'vote before sync',
        `${this.#name(view.node)} leads term ${view.term}, and its disk does not know that it ran for it`,
      );
    }
    const shadow = this.#shadow(view.node);
    const votedForIt = (name: NodeId): boolean =>
      this.#votes.votedFor(name, view.term) === this.#name(view.node);
    const alone = (name: NodeId): boolean => name === this.#name(view.node);
    if (!isQuorum(view.conf, (name) => alone(name) || votedForIt(name))) {
      throw new Violation(
        'election quorum',
        `${this.#name(view.node)} leads term ${view.term} with the votes of too few of ${describeVoters(view.conf)}`,
      );
    }
    // A vote that was long under way may still elect a leader of a term that is over: only what was
    // committed in earlier terms must be in its log.
    let index: number = this.commit;
    while (index > 0 && (this.#committedIn[index] ?? 0) >= view.term) index -= 1;
    if (index > 0 && shadow.term(index) !== this.#committed[index]) {
      throw new Violation(
        'leader completeness',
        `${this.#name(view.node)} leads term ${view.term} without the committed entry ${index} of term ${this.#committed[index] ?? 0}`,
      );
    }
  }

  /** Only its leader commits an entry first; everyone else hears of it. */
  #commits(view: ReplicaView, led: boolean, before: ConfState): void {
    if (view.commit <= this.commit) return;
    if (!led) {
      throw new Violation(
        'commit',
        `${this.#name(view.node)} follows, and is the first to commit ${view.commit}`,
      );
    }
    const term = view.termAt(view.commit);
    if (term !== view.term) {
      throw new Violation(
        'commit of own term',
        `${this.#name(view.node)} in term ${view.term} commits ${view.commit} of term ${term ?? 'unknown'} by counting`,
      );
    }
    this.#checkCommitQuorum(view, before);
    for (let index = this.#committed.length; index <= view.commit; index += 1) {
      this.#committed.push(view.termAt(index as LogIndex) ?? 0);
      this.#committedIn.push(view.term);
    }
  }

  /**
   * What counts is the configuration before the step, for the first of the new entries at least: a
   * commit may let the leader leave a joint configuration within the step, and commit on with the next.
   */
  #checkCommitQuorum(view: ReplicaView, before: ConfState): void {
    const first = (this.commit + 1) as LogIndex;
    const held = (conf: ConfState, index: LogIndex): boolean => {
      const term = view.termAt(index);
      return isQuorum(conf, (name) => this.#holds(this.#names.indexOf(name), index, term ?? 0));
    };
    const all = held(before, view.commit) || (before !== view.conf && held(view.conf, view.commit));
    if (all && held(before, first)) return;
    throw new Violation(
      'commit',
      `${this.#name(view.node)} commits ${view.commit}, which is durable on too few of ${describeVoters(before)}`,
    );
  }

  #holds(node: number, index: number, term: number): boolean {
    if (index <= this.#lostUpTo(node)) return true;
    const image = this.#image(node);
    return image.compactedIndex >= index || image.entry(index)?.term === term;
  }

  /** State-machine safety: whoever applies an index applies the same entry. */
  applies(node: number, entry: Entry): void {
    if (entry.index > this.commit || this.#committed[entry.index] !== entry.term) {
      throw new Violation(
        'state-machine safety',
        `${this.#name(node)} applies ${entry.index} of term ${entry.term}, committed there is term ${this.#committed[entry.index] ?? 'nothing'}`,
      );
    }
    const image = this.#image(node);
    if (entry.index > image.compactedIndex && image.entry(entry.index)?.term !== entry.term) {
      throw new Violation(
        'applied before durable',
        `${this.#name(node)} applies ${entry.index}, which its own disk does not hold`,
      );
    }
    const known = this.#applied[entry.index];
    if (known === undefined) this.#applied[entry.index] = entry;
    else if (known !== entry && !sameEntry(known, entry)) {
      throw new Violation(
        'state-machine safety',
        `${this.#name(node)} applies another entry ${entry.index} than has been applied`,
      );
    }
  }

  /** After the entry at `index` every replica's list has the same length. */
  appliedLength(node: number, index: LogIndex, length: number): void {
    const known = this.#lengths[index];
    if (known === undefined) this.#lengths[index] = length;
    else if (known !== length) {
      throw new Violation(
        'state-machine safety',
        `${this.#name(node)} has ${length} items after ${index}, another replica had ${known}`,
      );
    }
  }

  #name(node: number): NodeId {
    return this.#names[node] ?? ('?' as NodeId);
  }

  #shadow(node: number): ShadowLog {
    const shadow = this.#shadows[node];
    if (shadow === undefined) throw new RangeError(`There is no node ${node}.`);
    return shadow;
  }

  #sighting(node: number): Sighting {
    const sighting = this.#sightings[node];
    if (sighting === undefined) throw new RangeError(`There is no node ${node}.`);
    return sighting;
  }
}

function describeVoters(conf: ConfState): string {
  const outgoing = conf.votersOutgoing.length > 0 ? ` and ${conf.votersOutgoing.join(',')}` : '';
  return conf.voters.join(',') + outgoing;
}
