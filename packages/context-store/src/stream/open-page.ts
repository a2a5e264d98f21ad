import type { StoredContext } from '../context/context-record.js';
import type { GroupMachine } from '../state/group-machine.js';
import { changeKey } from '../state/keys.js';
import { decodeEntry, windowLoad, type WindowLoad } from './change-entry.js';
import type { ChangesPage, StreamPosition } from './stream-change.js';

/** Where a stream begins: at the cursor, or at the end. */
export function openPage(
  machine: GroupMachine,
  context: StoredContext,
  cursor: number | undefined,
): ChangesPage {
  const { ordinal, version } = context.record;
  if (cursor === undefined) return { changes: [], next: endOf(context), ended: false };
  if (cursor > version) return resetPage(context);
  const load = loadAt(machine, ordinal, cursor);
  return { changes: [], next: { life: ordinal, version: cursor, messages: 0, load }, ended: false };
}

/** Tells the reader to forget what it has, and goes on at the end of the context. */
export function resetPage(context: StoredContext): ChangesPage {
  const { version } = context.record;
  return { changes: [{ type: 'reset', version }], next: endOf(context), ended: false };
}

export const endOf = ({ record, profile }: StoredContext): StreamPosition => ({
  life: record.ordinal,
  version: record.version,
  messages: 0,
  load: windowLoad(record.window, profile),
});

/** What a reader was told when it had processed `version`. */
function loadAt(machine: GroupMachine, ordinal: number, version: number): WindowLoad | null {
  if (version === 0) return { usedTokens: 0, needsCompaction: false };
  const entry = machine.get(changeKey(ordinal, version));
  return entry === undefined ? null : decodeEntry(entry).load;
}
