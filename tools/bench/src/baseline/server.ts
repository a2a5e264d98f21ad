/**
 * The baseline: an append-only message log and a window on Fastify and Postgres, written as a careful
 * team would: schema-validated bodies, one encoder kept for the life of the process, a pool of 32,
 * prepared statements, the sequence number and the message assigned in one statement.
 */
import Fastify from 'fastify';
import pg from 'pg';
import { get_encoding } from 'tiktoken';
import { createTables, statements } from './statements.ts';

interface AppendBody {
  message: { role: string; parts: { type: string; text?: string }[]; metadata?: object };
}

interface StoredMessage {
  seq: string;
  role: string;
  parts: unknown;
  metadata: unknown;
  token_count: number;
  inserted_at: Date;
}

const encoder = get_encoding('o200k_base');
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 32 });
const app = Fastify({ logger: false });
const tokenBudget = 8_000;

const part = { type: 'object', required: ['type'], properties: { type: { type: 'string' } } };
const appendSchema = {
  body: {
    type: 'object',
    required: ['message'],
    properties: {
      message: {
        type: 'object',
        required: ['role', 'parts'],
        properties: {
          role: { type: 'string', minLength: 1, maxLength: 64 },
          parts: { type: 'array', minItems: 1, maxItems: 1_000, items: part },
          metadata: { type: 'object' },
        },
      },
    },
  },
};

function countTokens(parts: AppendBody['message']['parts']): number {
  return parts.reduce((sum, { text }) => sum + (text ? encoder.encode_ordinary(text).length : 0), 3);
}

app.get('/health/ready', () => ({ status: 'ok' }));

app.put<{ Params: { id: string } }>('/v1/contexts/:id', async (request, reply) => {
  const result = await pool.query({ ...statements.createContext, values: [request.params.id] });
  return reply.code(result.rowCount === 1 ? 201 : 200).send({ id: request.params.id });
});

app.post<{ Params: { id: string }; Body: AppendBody }>(
  '/v1/contexts/:id/messages',
  { schema: appendSchema },
  async (request, reply) => {
    const { role, parts, metadata } = request.body.message;
    const tokens = countTokens(parts);
    const values = [request.params.id, role, JSON.stringify(parts), JSON.stringify(metadata ?? {}), tokens];
    const { rows } = await pool.query<{ seq: string }>({ ...statements.append, values });
    const seq = rows[0]?.seq;
    if (seq === undefined) return reply.code(404).send({ error: 'context_not_found' });
    return reply.code(201).send({ seq: Number(seq), version: Number(seq), token_estimate: tokens });
  },
);

app.get<{ Params: { id: string } }>('/v1/contexts/:id/context', async (request) => {
  const { rows } = await pool.query<StoredMessage>({ ...statements.newest, values: [request.params.id] });
  const window: StoredMessage[] = [];
  let usedTokens = 0;
  for (const row of rows) {
    if (usedTokens + row.token_count > tokenBudget) break;
    usedTokens += row.token_count;
    window.push(row);
  }
  const messages = window.reverse().map((row) => ({ ...row, seq: Number(row.seq) }));
  return { version: messages.at(-1)?.seq ?? 0, messages, used_tokens: usedTokens };
});

process.on('SIGTERM', () => {
  void app
    .close()
    .then(() => pool.end())
    .then(() => process.exit(0));
});

await createTables(pool);
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
