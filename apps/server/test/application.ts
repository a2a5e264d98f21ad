import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from '../src/application.js';
import { parseConfiguration } from '../src/config/configuration.js';
import { createLog } from '../src/log/create-log.js';
import { openStore } from '../src/node/open-store.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly body: any; // oxlint-disable-line typescript/no-explicit-any -- a test reads what it expects
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when a string or bytes, else as JSON. */
  readonly body?: unknown;
}

/** The server in this process: the real application on a random port, over a directory of its own. */
export interface TestApplication {
  readonly url: string;
  readonly app: NestFastifyApplication;
  /** What was logged since it started, one object a line. */
  readonly logged: Record<string, unknown>[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * What all applications in this process have logged. The root of Nest's logger belongs to the process: the first application
 * makes the one that the others write to as well.
 */
const lines: Record<string, unknown>[] = [];

export async function startApplication(
  environment: Readonly<Record<string, string>> = {},
): Promise<TestApplication> {
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-app-'));
  const configuration = parseConfiguration({ FASTPACA_LOG_LEVEL: 'debug', ...environment });
  const from = lines.length;
  const log = createLog(configuration.logLevel, 'test-node', {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const store = openStore({ configuration, directory, node: 'test-node', log });
  const app = await createApplication({ configuration, log, store });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const call = (method: string, target: string, options: CallOptions = {}) =>
    request(url + target, method, options);
  return {
    url,
    app,
    get logged() {
      return lines.slice(from);
    },
    call,
    get: (target, headers = {}) => call('GET', target, { headers }),
    put: (target, body = {}) => call('PUT', target, { body }),
    post: (target, body, headers = {}) => call('POST', target, { body, headers }),
    async close() {
      await app.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function request(url: string, method: string, { headers = {}, body }: CallOptions): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const answer = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
  };
}

/** A message of one text part. */
export function message(text: string, more: Readonly<Record<string, unknown>> = {}) {
  return { role: 'user', parts: [{ type: 'text', text }], ...more };
}
