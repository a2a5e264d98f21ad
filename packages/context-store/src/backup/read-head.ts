import { decodeRecord } from '../context/context-codec.js';
import type { ContextId } from '../context/context-id.js';
import type { LogSource } from '../paging/read-log.js';
import { profileKey, recordKey, replacementRange } from '../state/keys.js';
import type { ContextHead } from './backup-source.js';

/** All of it as of this call: the record is read, and the range begun, before anything else can happen. */
export async function readHead({ machine }: LogSource, id: ContextId): Promise<ContextHead | null> {
  const record = machine.space.get(recordKey(id));
  if (record === undefined) return null;
  const profile = machine.space.get(profileKey(id));
  if (profile === undefined) throw new Error(`Context ${id} has a record and no settings.`);
  const { ordinal, window } = decodeRecord(record);
  const count = window.replacement?.count ?? 0;
  const pairs = count === 0 ? [] : await machine.space.rangeArray(replacementRange(ordinal, count));
  if (pairs.length !== count) throw new Error(`Context ${id} misses replacement messages: damaged.`);
  return { life: ordinal, record, profile, replacement: pairs.map(([, stored]) => stored) };
}
