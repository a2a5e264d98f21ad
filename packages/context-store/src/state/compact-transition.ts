import type { KeyOp } from '@fastpaca/log-storage';
import { isStorable, replaceWindow, suffixHint } from '@fastpaca/token-budget';

import type { Command } from '../command/command.js';
import { InvalidCommand, openFromCommand, windowStep } from './invalid-command.js';
import { encodeEntry, windowLoad } from '../stream/change-entry.js';
import { withEnough } from '../window/load-window.js';
import { refuse, type StateReader, type Transition } from './change.js';
import { changeKey, replacementKey } from './keys.js';
import { outlineSource } from './outline-source.js';

type CompactCommand = Extract<Command, { type: 'compact' }>;

/** Replaces the window; the log is not touched. */
export function compact(reader: StateReader, command: CompactCommand): Transition {
  const context = reader.context(command.id);
  if (context === undefined) return refuse({ reason: 'not_found' });
  const { record, profile } = context;
  if (record.status === 'tombstoned') return refuse({ reason: 'is_tombstoned' });
  if (command.ifVersion !== null && command.ifVersion !== record.version) {
    return refuse({ reason: 'conflict', currentVersion: record.version });
  }
  if (command.upToSeq !== null && command.upToSeq > record.lastSeq) {
    return refuse({ reason: 'beyond_end', lastSeq: record.lastSeq });
  }
  // A slow summariser whose summary of 1 to 2 came after another's of 1 to 6: what was replaced does not come back,
  // so 3 to 6 would be in the window neither as messages nor as a summary.
  const replacedTo = Math.min(record.window.replacement?.toSeq ?? 0, record.window.liveFrom - 1);
  if (command.upToSeq !== null && command.upToSeq < replacedTo) {
    return refuse({ reason: 'replaced_further', toSeq: replacedTo });
  }

  const replacement = command.messages.map(({ stored }) => openFromCommand(stored).outline);
  const options = command.upToSeq === null ? {} : { upToSeq: command.upToSeq };
  const { window } = record;
  const source = outlineSource(reader, command.id, context);
  const replaced = windowStep(() =>
    withEnough(window, suffixHint(window, profile.tokenBudget), source, (loaded) =>
      replaceWindow(window, replacement, options, loaded),
    ),
  );
  if (!isStorable(replaced.state)) {
    throw new InvalidCommand('The window would have more tokens than can be counted.');
  }

  const { ordinal } = record;
  const ops: KeyOp[] = command.messages.map(({ stored }, index) => ({
    type: 'put',
    key: replacementKey(ordinal, index),
    value: stored,
  }));
  const oldCount = window.replacement?.count ?? 0;
  for (let index = replacement.length; index < oldCount; index += 1) {
    ops.push({ type: 'del', key: replacementKey(ordinal, index) });
  }
  const version = record.version + 1;
  const range = replaced.dropped ?? { fromSeq: 0, toSeq: 0 };
  const load = windowLoad(replaced.state, profile);
  ops.push({
    type: 'put',
    key: changeKey(ordinal, version),
    value: encodeEntry({ kind: 'compaction', lastSeq: record.lastSeq, range, load }),
  });
  return {
    result: { kind: 'compacted', version },
    writes: [
      {
        id: command.id,
        context: {
          profile,
          record: { ...record, version, updatedAt: command.at, window: replaced.state },
        },
        profileChanged: false,
        ops,
        changes: [{ type: 'replaced' }],
      },
    ],
  };
}
