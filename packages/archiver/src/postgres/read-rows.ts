import { sql, type Kysely } from 'kysely';
import type { ArchiveRow } from '../archive-row.js';
import type { ArchiveTables } from './tables.js';

const maximumRows = 10_000;

interface StoredRow {
  readonly seq: string;
  readonly role_json: string;
  readonly token_count: number;
  readonly inserted_at_ms: string;
  readonly body: Buffer;
}

/** See `ArchiveAdapter.read`. The sum of sizes needs no body: their lengths are stored beside them. */
export async function readRows(
  db: Kysely<ArchiveTables>,
  { contextId, life }: { readonly contextId: string; readonly life: string },
  range: { readonly fromSeq: number; readonly toSeq: number; readonly maxBytes: number },
): Promise<ArchiveRow[]> {
  const limit = Math.min(range.toSeq - range.fromSeq + 1, maximumRows);
  if (limit < 1) return [];
  const { rows } = await sql<StoredRow>`
    select seq, role_json, token_count, inserted_at_ms, body
    from (
      select *, sum(octet_length(body)) over (order by seq) as bytes
      from message_bodies
      where context_id = ${contextId} and life = ${life} and seq between ${range.fromSeq} and ${range.toSeq}
      order by seq
      limit ${limit}
    ) as page
    where seq = ${range.fromSeq} or bytes <= ${range.maxBytes}
    order by seq`.execute(db);
  const hole = rows.findIndex(({ seq }, index) => Number(seq) !== range.fromSeq + index);
  return rows.slice(0, hole === -1 ? undefined : hole).map((row) => ({
    contextId,
    life,
    seq: Number(row.seq),
    role: String(JSON.parse(row.role_json)),
    body: row.body,
    tokenCount: row.token_count,
    insertedAt: Number(row.inserted_at_ms),
  }));
}
