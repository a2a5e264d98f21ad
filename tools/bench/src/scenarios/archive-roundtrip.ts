import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ContextStoreSystem } from '../systems/context-store.ts';
import type { LocalPostgres } from '../systems/local-postgres.ts';
import { readMetric } from '../systems/metric.ts';
import { seededRandom } from '../workload/random.ts';
import { englishText } from '../workload/text.ts';

const BATCH = 1_000;
const CLIENTS = 4;
const TAIL_KEEP = 100;
const POLL_MS = 1_000;
const TRIES = 10;

export interface RoundTripShape {
  readonly messages: number;
  readonly contexts: number;
  readonly messageBytes: number;
  readonly seed: number;
}

export interface RoundTripResult {
  readonly messages: number;
  readonly appendSeconds: number;
  /** From the last append until everything is in the archive. */
  readonly archiveSeconds: number;
  readonly trimmed: number;
  readonly local: number;
  readonly readSeconds: number;
  /** Over context, seq and text of every message: as it was acknowledged, and as it was read back. */
  readonly checksums: readonly [sent: string, read: string];
}

/** Messages through a server: appended, archived in Postgres, trimmed from the node, and read back whole. */
export async function measureRoundTrip(
  directory: string,
  postgres: LocalPostgres,
  shape: RoundTripShape,
  log: (line: string) => void,
): Promise<RoundTripResult> {
  const system = new ContextStoreSystem(join(directory, 'roundtrip'), {
    inspected: false,
    env: {
      FASTPACA_ARCHIVER_ENABLED: 'true',
      DATABASE_URL: await postgres.database('roundtrip'),
      FASTPACA_TAIL_KEEP: String(TAIL_KEEP),
    },
  });
  const server = await system.start();
  const base = `http://127.0.0.1:${String(server.port)}`;
  try {
    const names = Array.from({ length: shape.contexts }, (_, n) => `roundtrip-${String(n)}`);
    const started = performance.now();
    const sent = await appendAll(base, names, shape);
    const appended = performance.now();
    log(`appended ${shape.messages.toLocaleString('en')} messages`);
    while ((await readMetric(server.port, 'fastpaca_archive_pending_rows')) > 0) await delay(POLL_MS);
    const archived = performance.now();
    const trimmed = await readMetric(server.port, 'fastpaca_archive_trimmed_total');
    const local = await readMetric(server.port, 'fastpaca_archive_tail_size');
    log(`archived; ${trimmed.toLocaleString('en')} trimmed, ${local.toLocaleString('en')} are on the node`);
    const read = await digestOf(names, (name) => again(() => readBack(base, name)));
    const done = performance.now();
    return {
      messages: shape.messages,
      appendSeconds: (appended - started) / 1000,
      archiveSeconds: (archived - appended) / 1000,
      trimmed,
      local,
      readSeconds: (done - archived) / 1000,
      checksums: [sent, read],
    };
  } finally {
    await server.stop();
    await system.dispose();
  }
}

/** The digest of each context, in the order of their names, as one. */
async function digestOf(names: readonly string[], of: (name: string) => Promise<string>): Promise<string> {
  const digests = new Map<string, string>();
  const left = [...names];
  const client = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) digests.set(name, await of(name));
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const all = createHash('sha256');
  for (const name of names) all.update(`${name} ${digests.get(name) ?? ''}\n`);
  return all.digest('hex');
}

/** What is acknowledged, with the seqs of the answers. */
function appendAll(base: string, names: readonly string[], shape: RoundTripShape): Promise<string> {
  const random = seededRandom(shape.seed);
  const share = Math.floor(shape.messages / names.length);
  return digestOf(names, async (name) => {
    const policy = { strategy: 'last_n', config: { limit: 20 } };
    await call(base, 'PUT', `/v1/contexts/${name}`, { policy });
    const digest = createHash('sha256');
    const count = share + (name === names[0] ? shape.messages - share * names.length : 0);
    for (let from = 0; from < count; from += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, count - from) }, () => ({
        role: 'user',
        token_count: Math.ceil(shape.messageBytes / 4),
        parts: [{ type: 'text', text: englishText(random, shape.messageBytes) }],
      }));
      const answer = (await call(base, 'POST', `/v1/contexts/${name}/messages`, { messages })) as {
        results: { seq: number }[];
      };
      for (const [at, { seq }] of answer.results.entries()) {
        digest.update(`${String(seq)} ${messages[at]?.parts[0]?.text ?? ''}\n`);
      }
    }
    return digest.digest('hex');
  });
}

/** A 503 and an export that breaks off say: come again. On a busy machine Postgres may be too slow once. */
async function again(read: () => Promise<string>): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await read();
    } catch (error) {
      if (tries === TRIES) throw error;
      await delay(tries * POLL_MS);
    }
  }
}

async function readBack(base: string, name: string): Promise<string> {
  const answer = await fetch(`${base}/v1/contexts/${name}/messages`, {
    headers: { accept: 'application/x-ndjson' },
  });
  if (!answer.ok || answer.body === null) throw new Error(`The export answered ${String(answer.status)}`);
  const digest = createHash('sha256');
  for await (const line of createInterface({ input: Readable.fromWeb(answer.body) })) {
    const { seq, parts } = JSON.parse(line) as { seq: number; parts: { text: string }[] };
    digest.update(`${String(seq)} ${parts[0]?.text ?? ''}\n`);
  }
  return digest.digest('hex');
}

async function call(base: string, method: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok)
    throw new Error(`${method} ${path} answered ${String(answer.status)}: ${await answer.text()}`);
  return answer.json();
}
