import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PostgresArchive } from '@fastpaca/archiver';
import pg from 'pg';
import { SyntheticSource, type SourceShape } from './synthetic-source.ts';

export interface CopyShape extends SourceShape {
  readonly batchRows: number;
}

/** A connection to a database that has the archive's tables. */
export async function connectToTables(connectionString: string): Promise<pg.Client> {
  const archive = new PostgresArchive({ connectionString });
  await archive.migrate();
  await archive.close();
  const client = new pg.Client(connectionString);
  await client.connect();
  return client;
}

export const emptyTables = 'TRUNCATE messages, message_bodies';

/** One batch of rows by COPY from files on the server's disk, in one transaction. */
export async function copyBatch(
  client: pg.Client,
  { messages, bodies }: BatchFiles,
  tables: 'messages' | 'both tables',
): Promise<void> {
  await client.query('BEGIN');
  await client.query(`COPY messages FROM '${messages}'`);
  if (tables === 'both tables') {
    await client.query(
      `COPY message_bodies (context_id, seq, life, role_json, token_count, inserted_at_ms, body) FROM '${bodies}'`,
    );
  }
  await client.query('COMMIT');
}

export interface BatchFiles {
  readonly messages: string;
  readonly bodies: string;
}

/** Rows as COPY reads them, one pair of files for each batch. */
export async function writeCopyFiles(shape: CopyShape, directory: string): Promise<BatchFiles[]> {
  const rows = [...new SyntheticSource(shape).rows()];
  const files: BatchFiles[] = [];
  for (let from = 0; from < rows.length; from += shape.batchRows) {
    const batch = rows.slice(from, from + shape.batchRows);
    const name = `${directory}/copy-${String(files.length)}`;
    const written = { messages: `${name}-messages`, bodies: `${name}-bodies` };
    await writeLines(
      written.messages,
      batch.map((row) => {
        const { parts, metadata } = JSON.parse(Buffer.from(row.body).toString()) as Record<string, unknown>;
        const columns = [row.contextId, row.seq, row.role, JSON.stringify(parts), JSON.stringify(metadata)];
        return [...columns, row.tokenCount, new Date(row.insertedAt).toISOString()];
      }),
    );
    await writeLines(
      written.bodies,
      batch.map((row) => {
        const body = `\\x${Buffer.from(row.body).toString('hex')}`;
        return [
          row.contextId,
          row.seq,
          row.life,
          JSON.stringify(row.role),
          row.tokenCount,
          row.insertedAt,
          body,
        ];
      }),
    );
    files.push(written);
  }
  return files;
}

/** In COPY's text format. The server must be able to read it. */
async function writeLines(path: string, lines: readonly (readonly (string | number)[])[]): Promise<void> {
  const text = lines.map(
    (line) => `${line.map((value) => String(value).replaceAll('\\', '\\\\')).join('\t')}\n`,
  );
  await pipeline(Readable.from(text), createWriteStream(path));
  await chmod(path, 0o644);
}
