import { assert } from '../errors.js';
import { logIndex } from '../ids.js';
import type { LogIndex } from '../ids.js';
import type { Entry } from '../log/entry.js';
import { evict } from './persist.js';
import type { GroupState } from './state.js';

const none: readonly Entry[] = [];

/** The next committed entries, one batch at a time; from storage where they are no longer in memory. */
export function takeCommitted(s: GroupState): readonly Entry[] {
  const { log } = s;
  if (s.lost !== 'none' || log.applying > log.applied || s.applyReadPending) return none;
  const from = logIndex(log.applying + 1);
  const to = log.applicable;
  if (from > to) return none;
  const entries = s.applyRead ?? log.cache.slice(from, to, s.limits.maxApplyBytes);
  s.applyRead = null;
  if (entries === null) {
    s.applyReadPending = true;
    const end = logIndex(Math.min(to, log.cache.first - 1));
    s.out.entryReads.push({ purpose: { kind: 'apply' }, from, to: end, maxBytes: s.limits.maxApplyBytes });
    return none;
  }
  assert(entries[0]?.index === from, 'entries are applied in order, each once');
  log.applying = entries.at(-1)?.index ?? log.applying;
  return entries;
}

export function onApplyRead(s: GroupState, from: LogIndex, entries: readonly Entry[]): void {
  if (!s.applyReadPending) return;
  s.applyReadPending = false;
  // A snapshot may have overtaken the read.
  if (from !== s.log.applying + 1 || entries.length === 0 || s.lost !== 'none') return;
  assert(
    entries.every((entry) => s.log.matches(entry.index, entry.term)),
    'what storage reads back is what was committed',
  );
  s.applyRead = entries;
}

export function onApplied(s: GroupState, index: LogIndex): void {
  if (s.lost !== 'none' || index !== s.log.applying) return;
  s.log.applied = index;
  evict(s);
}

/** Forgets entries up to `index`, as far as followers allow that are being given a snapshot. */
export function compact(s: GroupState, index: LogIndex, floor: LogIndex): boolean {
  const to = logIndex(Math.min(index, s.log.applied, s.log.stable, floor));
  if (to <= s.log.compacted.index || s.lost !== 'none' || s.resetPending) return false;
  // A replica that came in later may not have seen its first configuration yet.
  if (s.confs.at(to).voters.length === 0) return false;
  s.confs.compact(to);
  s.log.compact(to);
  s.metaDirty = true;
  return true;
}
