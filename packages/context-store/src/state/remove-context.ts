import { encodeErasure } from '../archive/erasure-entry.js';
import type { ContextId } from '../context/context-id.js';
import type { ContextRecord } from '../context/context-record.js';
import type { KeyOp } from '@fastpaca/log-storage';

import type { StateReader } from './change.js';
import { removeOrdinal } from './import-stage.js';
import { erasureKey } from './keys.js';

/** What removes a life of a context, and notes that the archive has to remove it too. */
export function removeContext(
  reader: StateReader,
  id: ContextId,
  record: ContextRecord,
): { readonly ops: readonly KeyOp[]; readonly erasures?: 1 } {
  const ops = removeOrdinal(record.ordinal);
  if (!mayBeInArchive(reader, id, record)) return { ops };
  return { ops: [...ops, { type: 'put', key: erasureKey(id), value: encodeErasure(record) }], erasures: 1 };
}

/**
 * A write to the archive may have been under way when it was not acknowledged. While an earlier life of
 * the id waits for its erasure, though, nothing of this one was archived.
 */
function mayBeInArchive(reader: StateReader, id: ContextId, record: ContextRecord): boolean {
  if (record.lastSeq === 0 || reader.get(erasureKey(id)) !== undefined) return false;
  return record.archivedSeq > 0 || reader.isArchiving();
}
