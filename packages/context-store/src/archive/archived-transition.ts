import type { KeyOp } from '@fastpaca/log-storage';

import type { ArchivedCommand, ArchivedItem, Command } from '../command/command.js';
import type { ArchivedOutcome, ContextWrite, StateReader, Transition } from '../state/change.js';
import { erasureKey, messageKey } from '../state/keys.js';
import { decodeErasure } from './erasure-entry.js';
import { planTrim } from './trim-plan.js';

/**
 * Moves watermarks and trims behind them. Each item stands for itself: one whose context is gone, or is
 * another life of its id, is not taken. A watermark never goes back, and an item with an old one trims
 * on where an earlier command reached its limit. Neither version nor window change.
 */
export function archived(reader: StateReader, command: ArchivedCommand): Transition {
  const outcomes: ArchivedOutcome[] = [];
  const writes: ContextWrite[] = [];
  const seen = new Set<string>();
  let steps = command.trimSteps;
  for (const item of command.items) {
    // A second item of a context would be judged by the state before the first.
    const moved = seen.has(item.id) ? null : move(reader, command, item, steps);
    seen.add(item.id);
    outcomes.push(moved?.outcome ?? { taken: false, unfinished: false });
    if (moved === null || moved.write === null) continue;
    writes.push(moved.write);
    steps -= moved.steps;
  }
  return { result: { kind: 'archived', outcomes }, writes };
}

interface Moved {
  readonly outcome: ArchivedOutcome;
  readonly write: ContextWrite | null;
  readonly steps: number;
}

function move(
  reader: StateReader,
  { at, tailKeep }: ArchivedCommand,
  { id, ordinal, seq, restSince }: ArchivedItem,
  steps: number,
): Moved | null {
  const context = reader.context(id);
  if (context === undefined) return null;
  const { record } = context;
  if (record.ordinal !== ordinal || seq > record.lastSeq) return null;
  const watermark = { ...record, archivedSeq: Math.max(record.archivedSeq, seq) };
  const plan = planTrim(watermark, { tailKeep, steps });
  const outcome = { taken: true, unfinished: plan.unfinished };
  if (watermark.archivedSeq === record.archivedSeq && plan.steps === 0) {
    return { outcome, write: null, steps: 0 };
  }
  const { localFrom, kept } = plan;
  const ops: KeyOp[] = [];
  // One by one: a range deletion costs readers until its keys are gone, and this is a bounded step.
  for (const { fromSeq, toSeq } of plan.deleted) {
    for (let gone = fromSeq; gone <= toSeq; gone += 1) {
      ops.push({ type: 'del', key: messageKey(ordinal, gone) });
    }
  }
  const archive = { ...record.archive, localFrom, kept };
  return {
    outcome,
    write: {
      id,
      context: { ...context, record: { ...watermark, archive } },
      profileChanged: false,
      ops,
      changes: [{ type: 'archived', trimmed: ops.length }],
      pendingSince: restSince ?? at,
    },
    steps: plan.steps,
  };
}

/** The rows of an erased life are gone from the archive: its id may be archived again. */
export function erasureDone(
  reader: StateReader,
  { id, ordinal }: Extract<Command, { type: 'erasure_done' }>,
): Transition {
  const key = erasureKey(id);
  const entry = reader.get(key);
  if (entry === undefined || decodeErasure(entry).ordinal !== ordinal) {
    return { result: { kind: 'erasure_done' } };
  }
  return { result: { kind: 'erasure_done' }, ops: [{ type: 'del', key }], erasures: -1 };
}
