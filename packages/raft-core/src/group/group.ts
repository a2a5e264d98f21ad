import { assert } from '../errors.js';
import { logIndex } from '../ids.js';
import type { LogIndex, NodeId, Term } from '../ids.js';
import type { ConfChange } from '../membership/conf-change.js';
import type { ConfState, Entry } from '../log/entry.js';
import type { Message } from '../message/message.js';
import type { PeerStatus, Role } from '../host/status.js';
import { compact, onApplied, onApplyRead, takeCommitted } from './apply.js';
import { appendOwn, ownTermCommitted } from './commit.js';
import {
  becomeFollower,
  campaign,
  checkQuorum,
  hurryElection,
  mayCampaign,
  resetElectionDeadline,
} from './election.js';
import { forgetLeaving, isRemoved, proposeConfChange } from './membership.js';
import type { GroupOptions } from './options.js';
import { onPersisted, takePersist, wantsPersist } from './persist.js';
import { addRead, cancelReads, flushReads, readRetryAt, retryReads } from './read-index.js';
import type { EntryRead, Persist, PersistToken, ProposeResult, Ready } from './ready.js';
import { onReplicateRead, onUnreachable, replicate, tickHeartbeats } from './replicate.js';
import { takeRoutine } from './routine.js';
import { chunkTaken, snapshotRestored } from './snapshot-receive.js';
import { sendChunk, snapshotFloor, tickSnapshots } from './snapshot-send.js';
import type { ChunkToSend } from './snapshot-send.js';
import { GroupState } from './state.js';
import type { GroupStart } from './state.js';
import { stepMessage } from './step.js';
import { startTransfer, tickTransfer } from './transfer.js';
import type { TransferStart } from './transfer.js';

/**
 * One replica of one Raft group, without I/O: inputs change it, `ready` and `takePersist` say what is
 * to be done. It reads no clock and draws no random numbers but from what is passed in, so the same
 * inputs give the same outputs.
 *
 * The driver's duties, in any order that keeps these rules:
 * 1. After inputs, take `ready()` and do what it says; `messagesNow` may leave at once. Where it says
 *    `again`, take it once more in the next turn, also without inputs.
 * 2. Take `takePersist()`, write it, and only then send its `messagesAfterSync` and call `persisted`.
 *    Writes of one group reach the storage in the order they were taken.
 * 3. Call `tick` once `deadline` has passed.
 *
 * A group with one voter is no special case: its pre-vote, its vote, its entries and its reads count
 * against a quorum of one.
 */
export class Group {
  readonly #s: GroupState;

  constructor(options: GroupOptions, start: GroupStart, now: number) {
    this.#s = new GroupState(options, start, now);
    resetElectionDeadline(this.#s);
  }

  get term(): Term {
    return this.#s.term;
  }
  get role(): Role {
    return this.#s.role;
  }
  /** The leader of this term, where it is known. */
  get leader(): NodeId | null {
    return this.#s.leader;
  }
  get commit(): LogIndex {
    return this.#s.log.commit;
  }
  /** The last index that the state machine reflects; 0 while it is lost or being replaced. */
  get applied(): LogIndex {
    return this.#s.lost === 'none' ? this.#s.log.applied : logIndex(0);
  }
  get lastIndex(): LogIndex {
    return this.#s.log.lastIndex;
  }
  /** The last index that is durable here. */
  get stableIndex(): LogIndex {
    return this.#s.log.stable;
  }
  /** The last index that storage was given. */
  get handedIndex(): LogIndex {
    return this.#s.log.handed;
  }
  /** Whether more entries can be handed out to be applied. */
  get canApply(): boolean {
    return this.#s.log.applied < this.#s.log.applicable;
  }
  get compactedIndex(): LogIndex {
    return this.#s.log.compacted.index;
  }
  get conf(): ConfState {
    return this.#s.confs.current;
  }
  /** Whether the newest configuration in the log is committed. */
  get confCommitted(): boolean {
    return this.#s.confs.index <= this.#s.log.commit;
  }
  get incarnation(): string {
    return this.#s.incarnation;
  }
  get lost(): GroupStart['lost'] {
    return this.#s.lost;
  }
  get installing(): boolean {
    return this.#s.install !== null;
  }
  get removed(): boolean {
    return isRemoved(this.#s);
  }
  get hasPeers(): boolean {
    return this.#s.hasPeers;
  }
  /** Leads, and has committed an entry of its term: knows what is committed. */
  get leads(): boolean {
    return ownTermCommitted(this.#s);
  }
  get transferring(): boolean {
    return this.#s.transfer !== null;
  }
  /** The term of the entry at `index`, or null where it is compacted or not there. */
  termAt(index: LogIndex): Term | null {
    return this.#s.log.termAt(index);
  }

  /** When `tick` is due next. */
  get deadline(): number {
    return Math.min(this.#s.electionDeadline, this.#s.heartbeatDeadline, readRetryAt(this.#s));
  }

  /** Whether a tick now would start an election. */
  campaignDue(now: number): boolean {
    const s = this.#s;
    return s.role !== 'leader' && now >= s.electionDeadline && mayCampaign(s);
  }

  tick(now: number): void {
    const s = this.#at(now);
    if (s.role === 'leader') this.#tickLeader(s);
    else {
      retryReads(s);
      if (now >= s.electionDeadline) campaign(s, 'ordinary');
    }
  }

  /** Heartbeats fall on multiples of the interval, so that all groups of a process share frames. */
  #tickLeader(s: GroupState): void {
    if (s.now < s.heartbeatDeadline) return;
    s.heartbeatDeadline = (Math.floor(s.now / s.heartbeatMs) + 1) * s.heartbeatMs;
    if (!checkQuorum(s)) return;
    tickTransfer(s);
    tickSnapshots(s);
    forgetLeaving(s);
    tickHeartbeats(s);
  }

  /** A message for this group, from the node it names. */
  step(now: number, message: Message): void {
    assert(message.to === this.#s.self, 'a message is for this node');
    stepMessage(this.#at(now), message);
  }

  /**
   * A short cut past `ready` and `takePersist`, where they have nothing to do that they had not before `message` was
   * stepped, or before a tick where it is null, but to send messages: then takes these, often none. Null
   * where a turn must follow.
   */
  takeRoutine(message: Message | null): readonly Message[] | null {
    return takeRoutine(this.#s, message);
  }

  /** Starts an election now: for a replica that knows nobody else can lead. */
  campaign(now: number): void {
    campaign(this.#at(now), 'ordinary');
  }

  /** Adds an entry to the log of the leader. It is committed once `commit` reaches it in this term. */
  propose(data: Uint8Array): ProposeResult {
    const s = this.#s;
    if (s.role !== 'leader') return { kind: 'rejected', reason: 'not_leader' };
    if (s.transfer !== null) return { kind: 'rejected', reason: 'transferring' };
    const { limits } = s;
    if (data.length > limits.maxEntryBytes) return { kind: 'rejected', reason: 'too_large' };
    const { bytes, entries } = s.uncommitted;
    const full = bytes > 0 && bytes + data.length > limits.maxUncommittedBytes;
    if (full || entries >= limits.maxUncommittedEntries) {
      return { kind: 'rejected', reason: 'overloaded' };
    }
    const { index, term } = appendOwn(s, 'normal', data);
    return { kind: 'appended', index, term };
  }

  proposeConfChange(change: ConfChange): ProposeResult {
    return proposeConfChange(this.#s, change);
  }

  /** Asks for a read point under a number of the caller's choice, never used twice. False: too many. */
  readIndex(id: number): boolean {
    return addRead(this.#s, id);
  }

  cancelReads(ids: ReadonlySet<number>): void {
    cancelReads(this.#s, ids);
  }

  transferLeadership(now: number, to: NodeId): TransferStart {
    return startTransfer(this.#at(now), to);
  }

  /** Gives up leadership: the disk hangs, or the process cannot keep time. */
  stepDown(now: number): void {
    const s = this.#at(now);
    if (s.role === 'follower') return;
    becomeFollower(s, s.term, null);
  }

  /** The connection to `peer` is gone. If it leads, an election comes soon instead of after a timeout. */
  peerDown(now: number, peer: NodeId): void {
    const s = this.#at(now);
    this.unreachable(peer);
    if (s.role !== 'follower' || s.leader !== peer) return;
    s.leader = null;
    s.leaderHeardAt = -Infinity;
    hurryElection(s, peer);
  }

  /** The group is new, nobody leads it: elections come soon. */
  begin(now: number): void {
    hurryElection(this.#at(now), null);
  }

  /** Messages to `peer` may have been lost. */
  unreachable(peer: NodeId): void {
    const progress = this.#s.progress.get(peer);
    if (progress !== undefined) onUnreachable(progress);
  }

  /** The write named by `token` is on stable storage. */
  persisted(token: PersistToken): void {
    onPersisted(this.#s, token);
  }

  /** The state machine reflects everything up to `index`, the last entry that was handed out. */
  markApplied(index: LogIndex): void {
    onApplied(this.#s, index);
  }

  /** Answers an `EntryRead`. */
  entriesRead(read: EntryRead, entries: readonly Entry[]): void {
    if (read.purpose.kind === 'apply') onApplyRead(this.#s, read.from, entries);
    else onReplicateRead(this.#s, read, entries);
  }

  /** Answers a `send` command. Null: the copy cannot be read (any more). */
  snapshotChunk(now: number, to: NodeId, id: number, chunk: ChunkToSend | null): void {
    sendChunk(this.#at(now), to, id, chunk);
  }

  /** Answers a `feed` command, except the last of a snapshot. */
  snapshotChunkTaken(key: string): void {
    chunkTaken(this.#s, key);
  }

  /** The state machine equals the snapshot. False where it was superseded meanwhile. */
  snapshotRestored(now: number, key: string): boolean {
    return snapshotRestored(this.#at(now), key);
  }

  /** Removes entries up to `index` from the log; they must be durable in the state machine. */
  compact(index: LogIndex): boolean {
    return compact(this.#s, index, snapshotFloor(this.#s));
  }

  ready(): Ready {
    const s = this.#s;
    flushReads(s);
    const again = replicate(s);
    return s.out.take(takeCommitted(s), again);
  }

  wantsPersist(): boolean {
    return wantsPersist(this.#s);
  }

  takePersist(): Persist | null {
    return takePersist(this.#s);
  }

  peers(now: number): PeerStatus[] {
    return this.#s.progress.all.map(({ node, state, match, activeAt }) => {
      return { node, state, match, silentMs: Math.max(0, now - activeAt) };
    });
  }

  #at(now: number): GroupState {
    this.#s.now = Math.max(this.#s.now, now);
    return this.#s;
  }
}
