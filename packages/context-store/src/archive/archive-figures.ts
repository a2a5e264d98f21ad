import { usedTokens } from '@fastpaca/token-budget';

import type { ContextId } from '../context/context-id.js';
import type { ContextRecord } from '../context/context-record.js';
import type { ContextWrite } from '../state/change.js';
import { decodePending } from './pending-entry.js';
import { localRowsOf, noTotals, type GroupTotals } from './group-totals.js';
import { HeaviestContexts } from './heaviest-contexts.js';
import type { LedGroup, LedGroups } from './led-groups.js';
import { pendingRange } from '../state/keys.js';

export interface ContextFigure {
  readonly contextId: string;
  readonly value: number;
}

/** Numbers of the archive, over the groups that this node leads. */
export interface ArchiveStatus {
  /** Contexts with messages that are not archived, and how many messages that are. */
  readonly pendingContexts: number;
  readonly pendingRows: number;
  /** About when the oldest of them came, in milliseconds since 1970; null for none. */
  readonly oldestAt: number | null;
  /** Messages that are on the disk of this node. */
  readonly localRows: number;
  /** Messages that were trimmed since the store was opened. */
  readonly trimmedRows: number;
  /** Tokens of all windows. */
  readonly windowTokens: number;
  /** Erased contexts whose rows are still to go from the archive. */
  readonly pendingErasures: number;
  /**
   * The 100 contexts with the largest lag (messages not archived), tail (messages on disk), trimmed
   * messages and window tokens, of those that have changed since the store was opened.
   */
  readonly largest: Readonly<Record<keyof typeof figures, readonly ContextFigure[]>>;
}

const shown = 100;

const figures = {
  lag: ({ lastSeq, archivedSeq }: ContextRecord): number => lastSeq - archivedSeq,
  tail: localRowsOf,
  trimmed: ({ archive }: ContextRecord): number => archive.localFrom - 1,
  windowTokens: ({ window }: ContextRecord): number => usedTokens(window),
};
const kinds = Object.keys(figures) as (keyof typeof figures)[];

/** Keeps the numbers of the archive up to date, so that nobody walks over contexts to get them. */
export class ArchiveFigures {
  readonly #groups: LedGroups;
  readonly #heaviest = {
    lag: new HeaviestContexts(),
    tail: new HeaviestContexts(),
    trimmed: new HeaviestContexts(),
    windowTokens: new HeaviestContexts(),
  };
  #trimmedRows = 0;

  constructor(groups: LedGroups) {
    this.#groups = groups;
  }

  /** A context has changed here. Null: a snapshot has replaced a group's state. */
  changed(write: ContextWrite | null): void {
    if (write === null) {
      for (const kind of kinds) this.#heaviest[kind].clear();
      return;
    }
    this.seen(write.id, write.context?.record);
    for (const change of write.changes) {
      if (change.type !== 'archived' || change.trimmed === 0) continue;
      if (this.#groups.findOf(write.id) !== null) this.#trimmedRows += change.trimmed;
    }
  }

  /** How a context is; undefined: it is gone. */
  seen(id: ContextId, record: ContextRecord | undefined): void {
    for (const kind of kinds) this.#heaviest[kind].note(id, record === undefined ? 0 : figures[kind](record));
  }

  async status(): Promise<ArchiveStatus> {
    const led = [...this.#groups.all()];
    const groups = new Set(led.map(({ group }) => group));
    const totals = led.map(({ machine }) => machine.totals()).reduce(added, noTotals);
    const ages = await Promise.all(led.map(oldestOf));
    const known = ages.filter((age) => age !== null);
    const largest = (kind: keyof typeof figures): readonly ContextFigure[] =>
      this.#heaviest[kind]
        .largest(shown, (id) => groups.has(this.#groups.groupOf(id)))
        .map(([contextId, value]) => ({ contextId, value }));
    return {
      pendingContexts: totals.pendingContexts,
      pendingRows: totals.pendingRows,
      oldestAt: known.length === 0 ? null : Math.min(...known),
      localRows: totals.localRows,
      trimmedRows: this.#trimmedRows,
      windowTokens: totals.windowTokens,
      pendingErasures: totals.erasures,
      largest: {
        lag: largest('lag'),
        tail: largest('tail'),
        trimmed: largest('trimmed'),
        windowTokens: largest('windowTokens'),
      },
    };
  }
}

/** The front of the queue has waited longest. */
async function oldestOf({ machine }: LedGroup): Promise<number | null> {
  if (machine.totals().pendingContexts === 0) return null;
  const [first] = await machine.space.rangeArray({ ...pendingRange(0, machine.nextPlace()), limit: 1 });
  return first === undefined ? null : decodePending(first[1]).since;
}

const added = (a: GroupTotals, b: GroupTotals): GroupTotals => ({
  pendingContexts: a.pendingContexts + b.pendingContexts,
  pendingRows: a.pendingRows + b.pendingRows,
  localRows: a.localRows + b.localRows,
  windowTokens: a.windowTokens + b.windowTokens,
  erasures: a.erasures + b.erasures,
});
