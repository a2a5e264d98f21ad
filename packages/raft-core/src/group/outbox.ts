import type { Entry } from '../log/entry.js';
import type { Message } from '../message/message.js';
import type { EntryRead, ReadState, Ready, SnapshotCommand } from './ready.js';

const nothing: readonly never[] = Object.freeze([]);

/** Messages that have not been collected. */
export class MessageBox {
  #messages: Message[] | null = null;

  get length(): number {
    return this.#messages?.length ?? 0;
  }

  /** Most turns have one or two, and an array grows to seventeen places with its first `push`: a literal does not. */
  push(message: Message): void {
    const messages = this.#messages;
    const first = messages?.[0];
    if (messages === null || first === undefined) this.#messages = [message];
    else if (messages.length === 1) this.#messages = [first, message];
    else messages.push(message);
  }

  keep(wanted: (message: Message) => boolean): void {
    if (this.#messages !== null) this.#messages = this.#messages.filter(wanted);
  }

  take(): readonly Message[] {
    const messages = this.#messages ?? nothing;
    this.#messages = null;
    return messages;
  }
}

/** Outputs that have not been collected. */
export class Outbox {
  readonly now = new MessageBox();
  readonly afterSync = new MessageBox();
  readStates: ReadState[] = [];
  entryReads: EntryRead[] = [];
  snapshots: SnapshotCommand[] = [];

  /** What may be sent at once, if that is all there is. */
  takeRoutine(): readonly Message[] | null {
    if (this.afterSync.length > 0 || this.readStates.length > 0) return null;
    return this.entryReads.length > 0 || this.snapshots.length > 0 ? null : this.now.take();
  }

  /** Everything but what waits for a write. Arrays that hold nothing stay: most turns fill one. */
  take(committed: readonly Entry[], again: boolean): Ready {
    const { readStates, entryReads, snapshots } = this;
    if (readStates.length > 0) this.readStates = [];
    if (entryReads.length > 0) this.entryReads = [];
    if (snapshots.length > 0) this.snapshots = [];
    return {
      messagesNow: this.now.take(),
      committed,
      readStates: readStates.length > 0 ? readStates : nothing,
      entryReads: entryReads.length > 0 ? entryReads : nothing,
      snapshots: snapshots.length > 0 ? snapshots : nothing,
      again,
    };
  }
}
