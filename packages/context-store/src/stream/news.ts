import type { ContextId } from '../context/context-id.js';
import type { StoredContext } from '../context/context-record.js';
import type { GroupMachine } from '../state/group-machine.js';
import { sameLoad, windowLoad } from './change-entry.js';
import type { StreamPosition } from './stream-change.js';

/** Whether a reader at `position` would be told anything. */
export function hasNews(machine: GroupMachine, id: ContextId, position: StreamPosition): boolean {
  const context = machine.context(id);
  if (context === undefined || context.record.ordinal !== position.life) return true;
  return context.record.version !== position.version || standsDifferently(context, position);
}

/** Whether the context is ended, or the window says something else than what was told last. */
export const standsDifferently = ({ record, profile }: StoredContext, { load }: StreamPosition): boolean =>
  record.status === 'tombstoned' || !sameLoad(load, windowLoad(record.window, profile));

/** Whether this replica seems to know less than the reader: it lags, or the context was erased. */
export function isBehind(machine: GroupMachine, id: ContextId, position: StreamPosition): boolean {
  const record = machine.context(id)?.record;
  return record === undefined || record.ordinal !== position.life || record.version < position.version;
}
