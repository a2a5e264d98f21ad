import {
  type Answer,
  type ErrorCode,
  type Operation,
  clusterErrors,
  commonErrors,
  errorCodes,
  messageAnswer,
  messageBody,
  operations,
  segment,
} from '@fastpaca/protocol';
import { z } from 'zod';
import { variables } from '../../src/config/variables.js';

const made = '<!-- Made from the tables in the code: change them, then run `UPDATE_DOCS=1 npm test`. -->';

export function renderErrors(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { status, meaning, remedy }]) => `| \`${code}\` | ${status} | ${meaning} | ${remedy} |`,
  );
  return `# Errors

${made}

Every answer that is not a success is \`{"error": CODE, "message": TEXT}\`. The codes are stable: branch on them.
The message is for people and may change. Some answers have more members: \`field\` (400), \`current_version\`
(\`conflict\`), \`minimum_tokens\` (\`budget_unsatisfiable\`).

| \`error\` | status | meaning | what to do |
| --- | --- | --- | --- |
${rows.join('\n')}

A write that is answered with 503 certainly did not happen. One that is answered with 504 may have happened: retry it
with the same \`Idempotency-Key\` or message \`id\`, and it happens once.
`;
}

export function renderConfiguration(): string {
  const rows = Object.values(variables).map((v) => `| \`${v.name}\` | ${v.default} | ${v.meaning} |`);
  return `# Configuration

${made}

The server reads its environment once, at start. A variable that is set to nothing counts as not set. A value that does
not parse stops the start: one line on standard error names the variable, and the exit code is 1. A sample file is
\`docker/fastpaca.env.sample\`.

| variable | default | meaning |
| --- | --- | --- |
${rows.join('\n')}

\`UV_THREADPOOL_SIZE\` is Node's own: 8 to 16 keeps disk writes from waiting for each other. \`npm start\` and the image
set it.

Logs are JSON lines on standard output: \`level\`, \`time\`, \`node\`, \`type\`, \`context_id\`, \`seq\`, \`msg\`. Contexts
that are created, deleted or compacted are logged at \`info\`, every append at \`debug\`. SIGTERM and SIGINT finish what
is in flight, close the store and end with exit code 0; connections that are still busy after 20 s are cut.
`;
}

export function renderSampleFile(): string {
  const entries = Object.values(variables).map((v) => {
    const byDefault = v.schema.safeParse(undefined).data;
    const value = byDefault === undefined || Array.isArray(byDefault) ? '' : String(byDefault);
    const note = value === '' ? `# Default: ${v.default.replaceAll('`', '')}\n` : '';
    return `# ${v.meaning.replaceAll('`', '')}\n${note}${v.name}=${v.name === 'FASTPACA_RAFT_DATA_DIR' ? '/data' : value}\n`;
  });
  return `# Every variable of the server with its default. Copy it to fastpaca.env and change what you need.\n\n${entries.join('\n')}`;
}

export function renderRest(): string {
  const sections = Object.values<Operation>(operations).map(renderOperation);
  return `# REST reference

${made}

One port serves everything (\`PORT\`, default 4000). Bodies and answers are JSON in UTF-8; a body is sent with
\`Content-Type: application/json\`. The same as an OpenAPI document is at \`/openapi.json\`, as a page at \`/docs\`.

\`{id}\` is 1 to 256 characters of \`A-Z a-z 0-9 . _ : @ -\`. A message has 1 to 1,000 parts, each an object with a
non-empty string \`type\`; parts and metadata are returned as they were sent, byte for byte, without the white space
outside of strings. JSON nested deeper than 64 levels is refused. Members that a body does not know are ignored, and so are
query parameters that a call does not know. What a message and a policy are made of is at [the end](#types).

With \`FASTPACA_API_KEY\` every call needs \`Authorization: Bearer KEY\`, except \`/health\`, \`/docs\` and
\`/openapi.json\`.

Every operation on a context can answer ${codes([...commonErrors])}: see [errors](errors.md).
One on the cluster can answer ${codes([...clusterErrors])}; \`{name}\` is the name of a node.

${sections.join('\n')}
## GET /metrics

Prometheus text format. Needs an API key, if there are any.

## Types

### MessageInput

A message as it is sent.

${bodyTable(messageBody).join('\n')}

### Message

A message as it is read: ${members(messageAnswer)}. \`id\` only where it was
sent. In a window, messages of a replacement have the \`seq\` null.

### Policy

\`{"strategy": …, "config": {…}}\`. \`config\` may be left out; [context management](../context-management.md#policies) says what
each strategy does and what its config has.

### Segment

What a window is made of, in order: ${members(segment)}. \`type\` is ${segment.shape.type.options.map((kind) => `\`${kind}\``).join(', ')}.
The range of a summary is the messages that it stands for.
`;
}

function members({ shape }: z.ZodObject): string {
  return `\`{${Object.keys(shape).join(', ')}}\``;
}

function renderOperation(operation: Operation): string {
  const lines = [
    `## ${operation.method} ${operation.path}`,
    '',
    `${operation.summary}. ${operation.details ?? ''}`.trim(),
    '',
  ];
  const query = Object.entries(operation.query?.shape ?? {});
  if (query.length > 0) lines.push('| query | type | |', '| --- | --- | --- |', ...query.map(row), '');
  for (const [name, text] of Object.entries(operation.headers ?? {}))
    lines.push(`Header \`${name}\`: ${text}`, '');
  if (operation.bodyAs !== undefined) lines.push(`Body: \`${operation.bodyAs}\`.`, '');
  else if (operation.body !== undefined) lines.push('Body:', '', ...bodyTable(operation.body), '');
  for (const [status, answer] of Object.entries(operation.answers))
    lines.push(`- ${status}: ${answerText(answer)}`);
  if (operation.errors.length > 0) lines.push('', `Errors: ${codes(operation.errors)}.`);
  return `${lines.join('\n')}\n`;
}

function codes(list: readonly ErrorCode[]): string {
  return list.map((code) => `\`${code}\` (${errorCodes[code].status})`).join(', ');
}

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
    metadata: z.registry(),
  }) as JsonSchema;
}

/** With descriptions and overrides, which live in the global registry, but without references. */
function described(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

function row([name, schema]: [string, z.ZodType]): string {
  const json = described(schema);
  const type =
    json.enum === undefined
      ? (json.type ?? 'string')
      : json.enum.map((value) => `\`${String(value)}\``).join(', ');
  return `| \`${name}\` | ${type} | ${json.description ?? ''} |`;
}

function bodyTable(body: z.ZodType): string[] {
  if (!(body instanceof z.ZodObject)) throw new Error('a body that is not an object');
  const rows = Object.entries<z.ZodType>(body.shape).map(([name, schema]) => {
    const required = schema.safeParse(undefined).success ? '' : 'required';
    const meta = described(schema);
    return `| \`${name}\` | ${typeName(schema)} | ${required} | ${meta.description ?? ''} |`;
  });
  return ['| member | type | | |', '| --- | --- | --- | --- |', ...rows];
}

/** `MessageInput`, `array of MessageInput`, `integer`, …: as the OpenAPI document names it. */
function typeName(schema: z.ZodType): string {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  const id = inner.meta()?.id ?? schema.meta()?.id;
  if (typeof id === 'string') return `\`${id}\``;
  if (inner instanceof z.ZodArray) return `array of ${typeName(inner.element as z.ZodType)}`;
  return described(inner).type ?? 'any';
}

function answerText({ description, schema, also, as }: Answer): string {
  if (schema === undefined) return description;
  const { properties, anyOf } = schemaOf(schema, 'output');
  if (as !== undefined && properties === undefined && anyOf === undefined) return `${description}: \`${as}\``;
  const shapes = (anyOf ?? [{ properties }]).map(
    (shape) => `\`{${Object.keys(shape.properties ?? {}).join(', ')}}\``,
  );
  return `${description}: ${shapes.join(' or ')}${also === undefined ? '' : `, or \`${also}\``}`;
}
