import type { CachedContext } from '../cache/context-cache.js';
import type { GroupMachine } from '../state/group-machine.js';
import { StoreError } from '../store-error.js';
import type { ContextId } from './context-id.js';
import type { ContextRecord } from './context-record.js';

/** @throws StoreError `context_not_found` */
export function findContext(machine: GroupMachine, id: ContextId): CachedContext {
  const cached = machine.load(id);
  if (cached === undefined) throw notFound(id);
  return cached;
}

export const recordOf = (machine: GroupMachine, id: ContextId): ContextRecord =>
  findContext(machine, id).context.record;

export const notFound = (id: ContextId): StoreError =>
  new StoreError('context_not_found', `There is no context ${id}. Create it with PUT.`);
