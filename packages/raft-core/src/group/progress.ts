import { logIndex } from '../ids.js';
import type { LogIndex, NodeId } from '../ids.js';
import { Ring } from '../ring.js';
import type { Heartbeat } from '../message/message.js';
import type { GroupLimits } from './options.js';

/**
 * - `probe`: where the logs part is not known; one append at a time.
 * - `replicate`: appends are sent ahead of their answers, within the in-flight limits.
 * - `snapshot`: what it needs is compacted away; a snapshot is under way.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export interface SnapshotTransfer {
  readonly id: number;
  /** The index the snapshot stands for; null until the host has opened it. */
  index: LogIndex | null;
  /** The offset that the receiver asked for last. */
  offset: number;
  /** When the last chunk was sent or acknowledged, to send it again. */
  movedAt: number;
  /** The host was asked for a chunk and has not supplied it. */
  awaitingHost: boolean;
}

/** What a leader knows of another replica. */
export class Progress {
  readonly node: NodeId;
  state: ProgressState = 'probe';
  match: LogIndex = logIndex(0);
  next: LogIndex;
  /** In `probe`: an append is under way. */
  probeSent = false;
  /** Entries were asked of the host. */
  readPending = false;
  /** The commit index that the follower was told last. */
  sentCommit: LogIndex = logIndex(0);
  /** More is committed; it is said in the next turn, if no append says it before. */
  noticeWaits = false;
  activeAt: number;
  /** Whether it answered a heartbeat since the tick. */
  beatAnswered = false;
  /** The heartbeat that was sent last. An idle group says the same in every interval, with the same message. */
  beat: Heartbeat | null = null;
  /** Entries up to here had been sent by the last tick. */
  sentByTick: LogIndex = logIndex(0);
  /** …and by the one before: what is missing of these is late. */
  dueByTick: LogIndex = logIndex(0);
  /** The newest heartbeat round it answered. */
  round = 0;
  incarnation: string | null = null;
  transfer: SnapshotTransfer | null = null;
  /** Set on a node that a configuration at this index removed: it is told before it is forgotten. */
  leavingAt: LogIndex | null = null;
  /** When the removal was committed. */
  leavingSince: number | null = null;
  /** Of each append under way the last index, then the bytes: numbers, as there is one for every append. */
  readonly #inflight = new Ring<number>();
  #inflightBytes = 0;

  constructor(node: NodeId, next: LogIndex, now: number) {
    this.node = node;
    this.next = next;
    this.activeAt = now;
  }

  /** Whether another append with entries must wait. */
  isPaused(limits: GroupLimits): boolean {
    switch (this.state) {
      case 'probe':
        return this.probeSent || this.readPending;
      case 'replicate':
        return (
          this.readPending ||
          this.#inflight.length >= 2 * limits.maxInflightMessages ||
          this.#inflightBytes >= limits.maxInflightBytes
        );
      case 'snapshot':
        return true;
    }
  }

  /** Entries up to `lastIndex` are on their way. */
  sent(lastIndex: LogIndex, bytes: number): void {
    if (this.state === 'probe') {
      this.probeSent = true;
      return;
    }
    this.next = logIndex(lastIndex + 1);
    this.#inflight.push(lastIndex);
    this.#inflight.push(bytes);
    this.#inflightBytes += bytes;
  }

  /** The follower holds everything up to `index`. True where that is news. */
  acknowledged(index: LogIndex): boolean {
    while ((this.#inflight.at(0) ?? Infinity) <= index) {
      this.#inflight.shift();
      this.#inflightBytes -= this.#inflight.shift() ?? 0;
    }
    if (index >= this.next) this.next = logIndex(index + 1);
    if (index <= this.match) return false;
    this.match = index;
    return true;
  }

  /** How much of what is committed the follower may be told: never more than it is known to hold. */
  knownUpTo(commit: LogIndex): LogIndex {
    return this.match < commit ? this.match : commit;
  }

  /** A heartbeat interval has ended. */
  tick(): void {
    this.beatAnswered = false;
    this.dueByTick = this.sentByTick;
    // Also where sending began anew at an earlier place: what was sent before may still be acknowledged.
    if (this.next - 1 > this.sentByTick) this.sentByTick = logIndex(this.next - 1);
  }

  /** Whether entries that were sent since the last tick were acknowledged. */
  get heardSinceTick(): boolean {
    return this.match > this.sentByTick;
  }

  becomeProbe(next: LogIndex): void {
    this.state = 'probe';
    this.next = logIndex(Math.max(next, this.match + 1));
    this.#clear();
  }

  becomeReplicate(): void {
    this.state = 'replicate';
    this.next = logIndex(this.match + 1);
    this.#clear();
  }

  becomeSnapshot(id: number, now: number): void {
    this.state = 'snapshot';
    this.#clear();
    this.transfer = { id, index: null, offset: 0, movedAt: now, awaitingHost: true };
  }

  /** The replica is another one than before, or lost what it had: nothing known of it holds. */
  forget(lastIndex: LogIndex): void {
    this.match = logIndex(0);
    this.sentCommit = logIndex(0);
    this.sentByTick = logIndex(0);
    this.dueByTick = logIndex(0);
    this.becomeProbe(logIndex(lastIndex + 1));
  }

  #clear(): void {
    this.probeSent = false;
    this.readPending = false;
    this.transfer = null;
    this.#inflight.clear();
    this.#inflightBytes = 0;
  }
}
