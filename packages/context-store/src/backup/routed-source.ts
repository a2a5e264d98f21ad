import { maximumPage } from '../checks.js';
import type { Router } from '../routing/router.js';
import type { StoreErrorCode } from '../store-error.js';
import type { BackupSource } from './backup-source.js';
import { changeRunRead, headRead, keyRunRead, messageRunRead } from './backup-reads.js';
import { patiently } from './patience.js';

const transient: ReadonlySet<StoreErrorCode> = new Set(['unavailable', 'overloaded', 'archive_unavailable']);

/** A backup of all groups, wherever their replicas are. */
export function routedSource({ reads, lists }: Router, deadlineMs: number): BackupSource {
  const retried = <T>(read: () => Promise<T>): Promise<T> => patiently(read, transient);
  return {
    ids: async (prefix, cursor) => {
      const options = { prefix, limit: maximumPage, ...(cursor === null ? {} : { cursor }) };
      const { contexts, nextCursor } = await retried(() => lists.list(options, deadlineMs));
      return { ids: contexts.map(({ id }) => id), next: nextCursor };
    },
    head: (id) => retried(() => reads.read(headRead, id, {}, deadlineMs)),
    messages: (id, query) => retried(() => reads.read(messageRunRead, id, query, deadlineMs)),
    changes: (id, query) => retried(() => reads.read(changeRunRead, id, query, deadlineMs)),
    keys: (id, query) => retried(() => reads.read(keyRunRead, id, query, deadlineMs)),
  };
}
