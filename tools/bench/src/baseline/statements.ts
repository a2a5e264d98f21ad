import type pg from 'pg';

/** Makes the tables if they are not there: a restart finds its data again. */
export async function createTables(pool: pg.Pool): Promise<void> {
  await pool.query(`
    CREATE TABLE IF NOT EXISTS contexts (id text PRIMARY KEY, last_seq bigint NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS messages (
      context_id text NOT NULL,
      seq bigint NOT NULL,
      role text NOT NULL,
      parts jsonb NOT NULL,
      metadata jsonb NOT NULL,
      token_count integer NOT NULL,
      inserted_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (context_id, seq)
    );`);
}

/** Named, so that each connection prepares them once. */
export const statements = {
  createContext: {
    name: 'create_context',
    text: 'INSERT INTO contexts (id) VALUES ($1) ON CONFLICT DO NOTHING',
  },
  /** One statement is one transaction: the row lock on the context orders its appends without a hole. */
  append: {
    name: 'append',
    text: `
      WITH next AS (UPDATE contexts SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq)
      INSERT INTO messages (context_id, seq, role, parts, metadata, token_count)
      SELECT $1, last_seq, $2, $3, $4, $5 FROM next
      RETURNING seq`,
  },
  /** The newest 200 messages: the same limit as the default policy of the context store. */
  newest: {
    name: 'newest',
    text: `
      SELECT seq, role, parts, metadata, token_count, inserted_at
      FROM messages WHERE context_id = $1 ORDER BY seq DESC LIMIT 200`,
  },
};
