import { z } from 'zod';

export interface Variable<T> {
  readonly name: string;
  /** How the default reads in the documentation. */
  readonly default: string;
  readonly meaning: string;
  /** From the text of the environment. `undefined`: not set, or set to nothing. */
  readonly schema: z.ZodType<T, string | undefined>;
}

function variable<T>(
  name: string,
  byDefault: string,
  meaning: string,
  schema: z.ZodType<T, string | undefined>,
): Variable<T> {
  return { name, default: byDefault, meaning, schema };
}

const text = z.string().optional();

/** Commas and nothing between them are a slip: as no keys at all they would open the server to everybody. */
const list = z
  .string()
  .regex(/[^\s,]/, { error: 'must have something between its commas' })
  .optional()
  .transform((value) => (value ?? '').split(',').map((item) => item.trim()))
  .transform((items) => items.filter((item) => item !== ''));

function integer(min: number, max: number) {
  const error = `must be an integer from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error })
    .optional();
}

const boolean = z
  .enum(['true', 'false', '1', '0'], { error: 'must be true or false' })
  .transform((value) => value === 'true' || value === '1')
  .optional();

function url(protocols: readonly string[]) {
  return z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
      error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    })
    .optional();
}

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'must have 1 to 64 characters of A-Z a-z 0-9 . _ -' })
  .optional();

const estimator = z
  .string()
  .regex(/^(tiktoken:[A-Za-z0-9._-]+|chars:\d+(\.\d+)?)(\*\d+(\.\d+)?)?$/, {
    error: 'must be tiktoken:MODEL, tiktoken:ENCODING or chars:N, with an optional *FACTOR',
  })
  .default('tiktoken:gpt-4o');

const hostAndPort = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/;
const seeds = list.refine((items) => items.every((item) => hostAndPort.test(item)), {
  error: 'must be a comma-separated list of host:port',
});

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Every environment variable. docs/reference/configuration.md and docker/fastpaca.env.sample list the same. */
export const variables = {
  port: variable('PORT', '4000', 'Port to listen on.', integer(0, 65_535).default(4000)),
  host: variable('HOST', '0.0.0.0', 'Address to listen on.', z.string().default('0.0.0.0')),
  dataDirectory: variable(
    'FASTPACA_RAFT_DATA_DIR',
    '`priv/raft` (`/data` in the image)',
    'Directory of the data: logs, snapshots, state. Created if missing.',
    z.string().default('priv/raft'),
  ),
  nodeName: variable(
    'FASTPACA_NODE_NAME',
    'a random UUID, made once and kept in the data directory',
    'Identity of the node, in logs and metrics. It belongs to the data directory and cannot change.',
    name,
  ),
  apiKeys: variable(
    'FASTPACA_API_KEY',
    'none',
    'Bearer token that every request must carry; several, separated by commas, are all accepted.',
    list.refine((keys) => keys.every((key) => /^[\x21-\x7e]+$/.test(key)), {
      error: 'must be printable characters without spaces',
    }),
  ),
  tokenEstimator: variable(
    'FASTPACA_TOKEN_ESTIMATOR',
    '`tiktoken:gpt-4o`',
    'Who counts tokens: `tiktoken:MODEL`, `tiktoken:ENCODING` or `chars:N`, with an optional `*FACTOR`.',
    estimator,
  ),
  maxBodyBytes: variable(
    'FASTPACA_MAX_BODY_BYTES',
    '8388608',
    'Largest body of a request in bytes; more is answered with 413.',
    integer(1024, 256 * 1024 * 1024).default(8 * 1024 * 1024),
  ),
  rateLimit: variable(
    'FASTPACA_RATE_LIMIT',
    'none',
    'Requests a second that this node answers; more get 429 with `Retry-After`.',
    integer(1, 1_000_000),
  ),
  rateLimitPerClient: variable(
    'FASTPACA_RATE_LIMIT_PER_CLIENT',
    'none',
    'Requests a second of one API key from one address; more get 429 with `Retry-After`.',
    integer(1, 1_000_000),
  ),
  adminEnabled: variable(
    'FASTPACA_ADMIN_ENABLED',
    'true',
    'Whether `/v1/admin` is served: backup of all contexts, and import. Needs the API key, if there is any.',
    boolean.default(true),
  ),
  maxConnections: variable(
    'FASTPACA_MAX_CONNECTIONS',
    '10000',
    'Connections at one time, streams included; more are closed at once.',
    integer(1, 1_000_000).default(10_000),
  ),
  trustProxy: variable(
    'FASTPACA_TRUST_PROXY',
    'false',
    'Whether `X-Forwarded-For` names the address of a client. Only behind a proxy that sets it.',
    boolean.default(false),
  ),
  tlsCertFile: variable(
    'FASTPACA_TLS_CERT_FILE',
    'none',
    'PEM file of the certificate chain. With the key set too, everything on the port is TLS.',
    text,
  ),
  tlsKeyFile: variable('FASTPACA_TLS_KEY_FILE', 'none', 'PEM file of the private key.', text),
  logLevel: variable(
    'FASTPACA_LOG_LEVEL',
    'info',
    `Least severe level that is logged: ${logLevels.join(', ')}. Every append is a line at \`debug\`.`,
    z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  ),
  slowRequestMs: variable(
    'FASTPACA_SLOW_REQUEST_MS',
    '1000',
    'Requests that take so many milliseconds are a line in the log; 0: none.',
    integer(0, 3_600_000).default(1000),
  ),
  streamMaxConnections: variable(
    'FASTPACA_STREAM_MAX_CONNECTIONS',
    '512',
    'Streams of this node, over websocket and as Server-Sent Events; more get 503.',
    integer(0, 1_000_000).default(512),
  ),
  clusterSeed: variable(
    'FASTPACA_CLUSTER_SEED',
    'none',
    'Comma-separated `host:port` of nodes of the cluster, this one may be among them; a DNS name stands for all its addresses. Set: the node looks for its cluster there, and forms or joins it.',
    seeds,
  ),
  clusterSize: variable(
    'FASTPACA_CLUSTER_SIZE',
    '3 with a seed, else 1',
    'Nodes that must be seen before a new cluster forms. A node that meets a cluster joins it, whatever the size.',
    integer(1, 64),
  ),
  clusterSecret: variable(
    'FASTPACA_CLUSTER_SECRET',
    'the first API key; without one, whoever reaches the port can join',
    'Shared secret of the nodes. It never crosses the network.',
    text,
  ),
  clusterGraceMs: variable(
    'FASTPACA_CLUSTER_GRACE_MS',
    '600000',
    'How long a node may be away before its replicas move to others, if there are any to spare, in milliseconds.',
    integer(1_000, 604_800_000).default(600_000),
  ),
  clusterMaxMoves: variable(
    'FASTPACA_CLUSTER_MAX_MOVES',
    '4',
    'Groups whose new replicas may fetch their state from this node at one time.',
    integer(1, 256).default(4),
  ),
  clusterMoveBytesPerSecond: variable(
    'FASTPACA_CLUSTER_MOVE_BYTES_PER_SECOND',
    '67108864',
    'Bytes of state that this node sends in a second to replicas that fetch it.',
    integer(65_536, 100_000_000_000).default(64 * 1024 * 1024),
  ),
  requestDeadlineMs: variable(
    'FASTPACA_REQUEST_DEADLINE_MS',
    '5000',
    'How long a request may wait for its group before it ends with 503 or 504, in milliseconds.',
    integer(100, 600_000).default(5_000),
  ),
  archiverEnabled: variable(
    'FASTPACA_ARCHIVER_ENABLED',
    'false',
    'Moves messages into Postgres, and trims what is archived from the nodes.',
    boolean.default(false),
  ),
  databaseUrl: variable(
    'DATABASE_URL',
    'none',
    'Postgres of the archive. Required when the archiver is on; the server starts without it being up.',
    url(['postgres:', 'postgresql:']),
  ),
  migrateOnBoot: variable(
    'MIGRATE_ON_BOOT',
    'true when the archiver is on',
    'Run the migrations of the archive. In the background: the start does not wait for them.',
    boolean,
  ),
  archiveFlushIntervalMs: variable(
    'FASTPACA_ARCHIVE_FLUSH_INTERVAL_MS',
    '5000',
    'Time between two looks for messages to archive, in milliseconds.',
    integer(10, 3_600_000).default(5000),
  ),
  archiverBatchSize: variable(
    'FASTPACA_ARCHIVER_BATCH_SIZE',
    '5000',
    'Rows of one write to the archive.',
    integer(1, 100_000).default(5000),
  ),
  tailKeep: variable(
    'FASTPACA_TAIL_KEEP',
    '1000',
    'Newest messages of each context that stay local, archived or not. What is not archived always stays.',
    integer(0, 1_000_000_000).default(1000),
  ),
} as const;

export type VariableName = keyof typeof variables;
