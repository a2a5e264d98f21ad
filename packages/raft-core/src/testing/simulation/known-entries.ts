import type { NodeId } from '../../ids.js';
import type { Entry } from '../../log/entry.js';
import { Violation } from './history.js';

interface Known {
  readonly entry: Entry;
  /** Term of the entry before it. */
  readonly previousTerm: number;
}

/** Log matching: two logs with an entry of one index and term hold the same entry, after the same one. */
export class KnownEntries {
  readonly #known = new Map<number, Known>();

  /** An entry that a log holds, after one of `previousTerm`. */
  note(entry: Entry, previousTerm: number, holder: NodeId): void {
    const key = keyOf(entry);
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, { entry, previousTerm });
      return;
    }
    if (known.previousTerm !== previousTerm && entry.index > 1) {
      throw new Violation(
        'log matching',
        `${holder} has entry ${entry.index} of term ${entry.term} after term ${previousTerm}, another log after term ${known.previousTerm}`,
      );
    }
    if (known.entry !== entry && !sameEntry(known.entry, entry)) {
      throw new Violation('log matching', `${holder} has another entry ${entry.index} of term ${entry.term}`);
    }
  }

  /** Entries on their way from `sender`. */
  noteSent(entries: readonly Entry[], prevTerm: number, sender: NodeId): void {
    let previous = prevTerm;
    for (const entry of entries) {
      if (this.#known.get(keyOf(entry))?.entry !== entry) this.note(entry, previous, sender);
      previous = entry.term;
    }
  }
}

function keyOf(entry: Entry): number {
  return entry.index * 0x100000 + entry.term;
}

export function sameEntry(a: Entry, b: Entry): boolean {
  if (a.index !== b.index || a.term !== b.term || a.type !== b.type || a.data.length !== b.data.length)
    return false;
  for (let at = 0; at < a.data.length; at += 1) if (a.data[at] !== b.data[at]) return false;
  return true;
}
