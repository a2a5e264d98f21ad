import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PostgresArchive } from '@fastpaca/archiver';
import pg from 'pg';
import { SyntheticSource, type SourceShape } from './synthetic-source.ts';

export interface CopyResult {
  /** What it fills. */
  readonly tables: 'messages' | 'both tables';
  readonly rows: number;
  readonly seconds: number;
}

/**
 * The same rows by COPY from a file on the server's disk, into empty tables of the same shape with the same
 * indexes, one transaction for every `batchRows`: as fast as Postgres takes rows that nobody reads, checks
 * or sends.
 */
export async function copyRows(
  connectionString: string,
  shape: SourceShape & { readonly batchRows: number },
  directory: string,
): Promise<CopyResult[]> {
  const archive = new PostgresArchive({ connectionString });
  await archive.migrate();
  await archive.close();
  const client = new pg.Client(connectionString);
  await client.connect();
  try {
    const files = await writeFiles(shape, directory);
    const results: CopyResult[] = [];
    for (const tables of ['messages', 'both tables'] as const) {
      await client.query('TRUNCATE messages, message_bodies');
      const begun = performance.now();
      for (const { messages, bodies } of files) {
        await client.query('BEGIN');
        await client.query(`COPY messages FROM '${messages}'`);
        if (tables === 'both tables') {
          await client.query(
            `COPY message_bodies (context_id, seq, life, role_json, token_count, inserted_at_ms, body) FROM '${bodies}'`,
          );
        }
        await client.query('COMMIT');
      }
      results.push({ tables, rows: shape.messages, seconds: (performance.now() - begun) / 1_000 });
    }
    return results;
  } finally {
    await client.end();
  }
}

interface BatchFiles {
  readonly messages: string;
  readonly bodies: string;
}

async function writeFiles(
  shape: SourceShape & { readonly batchRows: number },
  directory: string,
): Promise<BatchFiles[]> {
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
