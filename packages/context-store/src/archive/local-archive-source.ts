import type {
  Acknowledgement,
  ArchiveRow,
  ArchiveSource,
  PendingContext,
  PendingErasure,
} from '@fastpaca/archiver';
import type { GroupId } from '@fastpaca/raft-core';

import type { ArchivedItem } from '../command/command.js';
import { decodeRecord } from '../context/context-codec.js';
import { contextId, type ContextId } from '../context/context-id.js';
import type { ContextRecord } from '../context/context-record.js';
import { bodyOf } from '../message/stored-message.js';
import type { GroupMachine } from '../state/group-machine.js';
import {
  erasureKey,
  erasureRange,
  idOfKey,
  messageKey,
  messageRange,
  numberOfKey,
  pendingRange,
  placeOfKey,
  recordKey,
} from '../state/keys.js';
import { archiveRow, insertedAt } from './archive-row.js';
import { decodeErasure } from './erasure-entry.js';
import type { LedGroup, LedGroups } from './led-groups.js';
import { lifeName } from './life.js';
import { decodeCursor, encodeCursor, firstPlace, type PendingCursor } from './pending-cursor.js';
import { decodePending, type PendingEntry } from './pending-entry.js';

const deadlineMs = 5_000;
/** Contexts of one command. */
const maximumItems = 256;
/** Messages that one command trims: some 50 bytes of staged state each. */
const trimSteps = 1_024;
/** Commands that follow an acknowledgement to trim on. What is then left goes with the next one. */
const trimRounds = 64;
/** Messages that are read at once for their time alone: each may be large. */
const timesAtOnce = 8;
/** Places that are looked at in one read of the queue. */
const queueStep = 256;

export interface LocalArchiveOptions {
  readonly tailKeep: number;
  readonly now: () => number;
  /** Each context that a round comes by. */
  readonly onPending?: (id: ContextId, record: ContextRecord) => void;
}

/**
 * What this node is to archive: the contexts of the groups that it leads. Everything is read from the
 * replicated state, and every answer of the archive goes back through Raft, so that nothing depends on
 * which node does it, nor on whether two of them do for a moment.
 */
export class LocalArchiveSource implements ArchiveSource {
  readonly #groups: LedGroups;
  readonly #options: LocalArchiveOptions;

  constructor(groups: LedGroups, options: LocalArchiveOptions) {
    this.#groups = groups;
    this.#options = options;
  }

  async pending(options: {
    readonly after: string | null;
    readonly limit: number;
  }): Promise<{ readonly contexts: readonly PendingContext[]; readonly next: string | null }> {
    const after = options.after === null ? firstPlace(0) : decodeCursor(options.after);
    for (const led of this.#groups.all(after.group)) {
      const cursor = led.group === after.group ? after : firstPlace(led.group);
      if (led.machine.totals().pendingContexts === 0) continue;
      const found = await this.#pendingOf(led, cursor, options.limit);
      if (found.contexts.length > 0) return { contexts: found.contexts, next: encodeCursor(found.next) };
    }
    return { contexts: [], next: null };
  }

  async read(
    { contextId: name, life }: PendingContext,
    range: {
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly maxRows: number;
      readonly maxBytes: number;
    },
  ): Promise<readonly ArchiveRow[]> {
    const found = this.#findLife(name, life);
    if (found === null) return [];
    const { machine, ordinal } = found;
    const rows: ArchiveRow[] = [];
    let bytes = 0;
    const { fromSeq, maxRows, maxBytes } = range;
    const toSeq = Math.min(range.toSeq, fromSeq + maxRows - 1);
    for await (const [key, stored] of machine.space.range(messageRange(ordinal, fromSeq, toSeq))) {
      const seq = numberOfKey(key);
      if (seq !== fromSeq + rows.length) break;
      if (rows.length > 0 && bytes + stored.length > maxBytes) break;
      bytes += stored.length;
      rows.push(archiveRow({ contextId: name, life }, seq, stored));
    }
    return rows;
  }

  async acknowledge(given: readonly Acknowledgement[]): Promise<readonly Acknowledgement[]> {
    const byGroup = new Map<GroupId, { readonly led: LedGroup; readonly items: Acknowledged[] }>();
    for (let from = 0; from < given.length; from += timesAtOnce) {
      const some = given.slice(from, from + timesAtOnce).map((each) => this.#acknowledged(each));
      for (const found of await Promise.all(some)) {
        if (found === null) continue;
        const group = byGroup.get(found.led.group) ?? { led: found.led, items: [] };
        byGroup.set(found.led.group, group);
        group.items.push(found);
      }
    }
    const taken = await Promise.all([...byGroup.values()].map(({ led, items }) => this.#take(led, items)));
    return taken.flat();
  }

  async erasures({ limit }: { readonly limit: number }): Promise<readonly PendingErasure[]> {
    const found: PendingErasure[] = [];
    for (const { machine } of this.#groups.all()) {
      if (machine.totals().erasures === 0) continue;
      const pairs = await machine.space.rangeArray({ ...erasureRange, limit: limit - found.length });
      for (const [key, value] of pairs) {
        found.push({ contextId: idOfKey(key), life: lifeName(decodeErasure(value)) });
      }
      if (found.length >= limit) break;
    }
    return found;
  }

  async erased({ contextId: name, life }: PendingErasure): Promise<void> {
    const id = contextId(name);
    const led = this.#groups.findOf(id);
    const entry = led?.machine.get(erasureKey(id));
    if (led === null || entry === undefined) return;
    const erased = decodeErasure(entry);
    if (lifeName(erased) !== life) return;
    const { ordinal } = erased;
    await this.#groups.propose(
      led.group,
      { type: 'erasure_done', id, at: this.#options.now(), ordinal },
      deadlineMs,
    );
  }

  /** Null where the context is gone, or another node's. */
  async #acknowledged(acknowledgement: Acknowledgement): Promise<Acknowledged | null> {
    const { contextId: name, life, seq } = acknowledgement;
    const found = this.#findLife(name, life);
    if (found === null) return null;
    const { id, led, machine, ordinal, lastSeq } = found;
    const restSince = lastSeq > seq ? await timeOf(machine, ordinal, seq + 1) : null;
    return { led, acknowledgement, item: { id, ordinal, seq, restSince } };
  }

  /** As many contexts of a group as a page may have; none where the group has no more in this round. */
  async #pendingOf(
    led: LedGroup,
    from: PendingCursor,
    limit: number,
  ): Promise<{ readonly contexts: PendingContext[]; readonly next: PendingCursor }> {
    const { machine } = led;
    const contexts: PendingContext[] = [];
    const end = from.end ?? machine.nextPlace();
    let { place } = from;
    if (!(await this.#begin(led))) return { contexts, next: { ...from, place, end } };
    while (contexts.length < limit) {
      const step = Math.min(queueStep, limit - contexts.length);
      const pairs = await machine.space.rangeArray({ ...pendingRange(place, end), limit: step });
      if (pairs.length === 0) break;
      const entries = pairs.map(([key, value]) => ({ place: placeOfKey(key), ...decodePending(value) }));
      place = entries.at(-1)?.place ?? place;
      contexts.push(...(await this.#describe(machine, entries)));
    }
    return { contexts, next: { group: led.group, place, end } };
  }

  /** The contexts at some places, without those that wait for the erasure of an earlier life. */
  async #describe(machine: GroupMachine, entries: readonly PendingEntry[]): Promise<PendingContext[]> {
    const ids = entries.map(({ id }) => id);
    const records = await machine.space.getMany(ids.map(recordKey));
    const erasures = machine.totals().erasures === 0 ? [] : await machine.space.getMany(ids.map(erasureKey));
    return entries.flatMap(({ id, since }, at): PendingContext[] => {
      const bytes = records[at];
      // Erased since its place was read.
      if (bytes === undefined || erasures[at] !== undefined) return [];
      const record = decodeRecord(bytes);
      this.#options.onPending?.(id, record);
      const { archivedSeq, lastSeq } = record;
      return [{ contextId: id, life: lifeName(record), archivedSeq, lastSeq, pendingSince: since }];
    });
  }

  /**
   * Before the first message of a group goes to the archive its state says so, for good: from then on
   * an erase leaves a note for the archiver, since a write may be under way whose watermark never comes.
   */
  async #begin({ group, machine }: LedGroup): Promise<boolean> {
    if (machine.isArchiving()) return true;
    return (await this.#propose(group, [])) !== null;
  }

  async #take({ group }: LedGroup, items: readonly Acknowledged[]): Promise<readonly Acknowledgement[]> {
    const taken: Acknowledgement[] = [];
    for (let from = 0; from < items.length; from += maximumItems) {
      const some = items.slice(from, from + maximumItems);
      const outcomes = await this.#propose(
        group,
        some.map(({ item }) => item),
      );
      if (outcomes === null) continue;
      taken.push(...some.filter((_, at) => outcomes[at]?.taken).map((each) => each.acknowledgement));
      await this.#trimOn(
        group,
        some.filter((_, at) => outcomes[at]?.unfinished).map(({ item }) => item),
      );
    }
    return taken;
  }

  async #trimOn(group: GroupId, items: readonly ArchivedItem[]): Promise<void> {
    let unfinished = items;
    for (let round = 0; round < trimRounds && unfinished.length > 0; round += 1) {
      const outcomes = await this.#propose(group, unfinished);
      if (outcomes === null) return;
      unfinished = unfinished.filter((_, at) => outcomes[at]?.unfinished);
    }
  }

  async #propose(group: GroupId, items: readonly ArchivedItem[]) {
    const { tailKeep, now } = this.#options;
    const command = { type: 'archived', at: now(), tailKeep, trimSteps, items } as const;
    const result = await this.#groups.propose(group, command, deadlineMs);
    return result?.kind === 'archived' ? result.outcomes : null;
  }

  #findLife(name: string, life: string) {
    const id = contextId(name);
    const led = this.#groups.findOf(id);
    const record = led?.machine.context(id)?.record;
    if (led === null || record === undefined || lifeName(record) !== life) return null;
    const { ordinal, lastSeq } = record;
    return { id, led, machine: led.machine, ordinal, lastSeq };
  }
}

interface Acknowledged {
  readonly led: LedGroup;
  readonly acknowledgement: Acknowledgement;
  readonly item: ArchivedItem;
}

/** When a message came; null where it is gone already. */
async function timeOf(machine: GroupMachine, ordinal: number, seq: number): Promise<number | null> {
  const [stored] = await machine.space.getMany([messageKey(ordinal, seq)]);
  return stored === undefined ? null : insertedAt(bodyOf(stored));
}
