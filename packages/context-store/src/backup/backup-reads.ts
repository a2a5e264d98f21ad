import { z } from 'zod';

import type { ContextId } from '../context/context-id.js';
import type { ReadKind } from '../routing/read-kinds.js';
import type { GroupMachine } from '../state/group-machine.js';
import type { ContextHead, KeyRun, RunPage, RunQuery } from './backup-source.js';
import { readHead } from './read-head.js';
import { readChangeRun, readKeyRun, readMessageRun } from './read-runs.js';

/*
 * What a backup reads of a context, as reads that any replica can carry out.
 */
const bytes = z.instanceof(Uint8Array);
const asItIs = (result: unknown): unknown => result;

const head = z.object({
  life: z.int(),
  record: bytes,
  profile: bytes,
  replacement: z.array(bytes),
});

export const headRead: ReadKind<object, ContextHead | null> = {
  name: 'backup_head',
  run: readHead,
  args: z.object({}),
  toWire: asItIs,
  fromWire: head.nullable(),
};

const runQuery: z.ZodType<RunQuery> = z.object({ life: z.int(), from: z.int(), to: z.int() });
const runPage = z.array(z.object({ number: z.int(), bytes })).nullable();

const lifeIs = (machine: GroupMachine, id: ContextId, life: number) => {
  const record = machine.context(id)?.record;
  return record?.ordinal === life ? record : null;
};

export const messageRunRead: ReadKind<RunQuery, RunPage> = {
  name: 'backup_messages',
  run: readMessageRun,
  isReached: (machine, id, { life, to }) => (lifeIs(machine, id, life)?.lastSeq ?? 0) >= to,
  args: runQuery,
  toWire: asItIs,
  fromWire: runPage,
};

export const changeRunRead: ReadKind<RunQuery, RunPage> = {
  name: 'backup_changes',
  run: readChangeRun,
  isReached: (machine, id, { life, to }) => (lifeIs(machine, id, life)?.version ?? 0) >= to,
  args: runQuery,
  toWire: asItIs,
  fromWire: runPage,
};

export const keyRunRead: ReadKind<RunQuery, KeyRun | null> = {
  name: 'backup_keys',
  run: readKeyRun,
  isReached: (machine, id, { life, to }) => (lifeIs(machine, id, life)?.queue.tail ?? 0) > to,
  args: runQuery,
  toWire: asItIs,
  fromWire: z
    .object({
      keys: z.array(
        z.object({
          kind: z.enum(['call', 'message']),
          key: z.string(),
          append: z.int(),
          at: z.int(),
          hash: bytes,
          version: z.int(),
          results: z.array(z.object({ seq: z.int(), tokens: z.int() })),
        }),
      ),
      next: z.int(),
    })
    .nullable(),
};
