import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { ArchiveTables } from './tables.js';

/** `messages` may be there already, made by a user or an earlier system; its shape is checked afterwards. */
export const tables: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table if not exists messages (
        context_id text not null,
        seq bigint not null,
        role text not null,
        parts jsonb not null,
        metadata jsonb not null,
        token_count integer not null,
        inserted_at timestamptz not null,
        primary key (context_id, seq)
      )`.execute(db);
    await sql`
      create table message_bodies (
        context_id text not null,
        seq bigint not null,
        life text not null,
        role_json text not null,
        token_count integer not null,
        inserted_at_ms bigint not null,
        body bytea not null,
        primary key (context_id, seq)
      )`.execute(db);
    await sql`
      create table archive_erased (
        context_id text not null,
        life text not null,
        primary key (context_id, life)
      )`.execute(db);
  },
};

/** Whether some index begins with `(context_id, inserted_at)`, whatever its name. */
async function hasTimeIndex(db: Kysely<ArchiveTables>): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from pg_index i
      where i.indrelid = to_regclass('messages') and i.indpred is null and (
        select array_agg(a.attname::text order by k.place)
        from unnest(i.indkey) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where k.place <= 2
      ) = array['context_id', 'inserted_at']
    ) as found`.execute(db);
  return rows[0]?.found === true;
}

export const timeIndex: Migration = {
  async up(db: Kysely<ArchiveTables>) {
    if (await hasTimeIndex(db)) return;
    await sql`create index messages_context_id_inserted_at_index on messages (context_id, inserted_at)`.execute(
      db,
    );
  },
};
