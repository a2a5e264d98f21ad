import { pageLimit } from '../checks.js';
import { decodeProfile, decodeRecord } from '../context/context-codec.js';
import { isContextId, type ContextId } from '../context/context-id.js';
import type { ContextRecord, StoredContext } from '../context/context-record.js';
import type { JsonObject } from '../context/context-view.js';
import type { GroupMachine } from '../state/group-machine.js';
import { profileKey } from '../state/keys.js';
import { StoreError } from '../store-error.js';
import { mergeRecords, type FoundRecord } from './merge-records.js';
import type { ListOptions } from './list-options.js';

/** Contexts that one page looks at, whatever its filters let through. */
const maximumExamined = 10_000;
const step = 256;

export interface ListedContext {
  readonly id: ContextId;
  readonly context: StoredContext;
}

export interface ListedPage {
  /** By id. */
  readonly contexts: readonly ListedContext[];
  /** Everything up to here was looked at, in the groups of the page; null: everything. */
  readonly nextCursor: ContextId | null;
}

/** One page of the contexts of some groups, by id. @throws StoreError `invalid_range`, `invalid_cursor` */
export async function listContexts(
  machines: readonly GroupMachine[],
  options: ListOptions,
): Promise<ListedPage> {
  const limit = pageLimit(options.limit);
  const prefix = checkPrefix(options.prefix ?? '');
  const after = checkCursor(options.cursor);
  const contexts: ListedContext[] = [];
  let examined = 0;
  let last: ContextId | null = null;
  for await (const run of mergeRecords(machines, { prefix, after, limit })) {
    for (let at = 0; at < run.length; at += step) {
      const found = run.slice(at, at + step);
      const wanted = await filter(found, options);
      for (const [index, { id }] of found.entries()) {
        if (contexts.length === limit || examined === maximumExamined) return { contexts, nextCursor: last };
        const context = wanted[index];
        if (context !== undefined && context !== null) contexts.push({ id, context });
        examined += 1;
        last = id;
      }
    }
  }
  return { contexts, nextCursor: null };
}

/** Each context that passes the filters, null for the others. */
async function filter(
  found: readonly FoundRecord[],
  options: ListOptions,
): Promise<readonly (StoredContext | null)[]> {
  const records = found.map(({ record }) => decodeRecord(record));
  const wanted = found.filter((_, index) => hasStatus(records[index], options));
  const profiles = await readProfiles(wanted);
  return found.map(({ id }, index) => {
    const record = records[index];
    const profile = profiles.get(id);
    if (record === undefined || profile === undefined) return null;
    const context = { record, profile: decodeProfile(profile) };
    return hasMetadata(context.profile.metadata, options.metadata) ? context : null;
  });
}

async function readProfiles(found: readonly FoundRecord[]): Promise<ReadonlyMap<ContextId, Uint8Array>> {
  const byMachine = new Map<GroupMachine, ContextId[]>();
  for (const { machine, id } of found) {
    const ids = byMachine.get(machine);
    if (ids === undefined) byMachine.set(machine, [id]);
    else ids.push(id);
  }
  const profiles = new Map<ContextId, Uint8Array>();
  const reads = [...byMachine].map(async ([machine, ids]) => {
    const values = await machine.space.getMany(ids.map(profileKey));
    for (const [index, id] of ids.entries()) {
      const value = values[index];
      // Gone where the context was erased a moment ago.
      if (value !== undefined) profiles.set(id, value);
    }
  });
  await Promise.all(reads);
  return profiles;
}

const hasStatus = (record: ContextRecord | undefined, { status }: ListOptions): boolean =>
  status === undefined || record?.status === status;

function hasMetadata(metadata: JsonObject, wanted: ListOptions['metadata']): boolean {
  return Object.entries(wanted ?? {}).every(([key, text]) => {
    if (!Object.hasOwn(metadata, key)) return false;
    const value = metadata[key];
    return typeof value === 'string' ? value === text : JSON.stringify(value) === text;
  });
}

function checkPrefix(prefix: string): string {
  if (prefix === '' || isContextId(prefix)) return prefix;
  throw new StoreError('invalid_range', 'prefix must be the beginning of a context id.', {
    details: { field: 'prefix' },
  });
}

function checkCursor(cursor: string | undefined): ContextId | null {
  if (cursor === undefined) return null;
  if (isContextId(cursor)) return cursor;
  throw new StoreError('invalid_cursor', 'cursor must be the next_cursor of the page before.', {
    details: { field: 'cursor' },
  });
}
