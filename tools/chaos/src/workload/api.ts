import { Agent, request } from 'undici';
import { errorCode } from '../error-code.ts';

/** What came back, or why nothing did. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** It certainly never reached the node. */
  | { readonly kind: 'not sent'; readonly why: string }
  /** The connection broke: it may have been carried out. */
  | { readonly kind: 'broken'; readonly why: string }
  /** No answer within the client's patience. */
  | { readonly kind: 'silent'; readonly why: string };

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The server's own deadline is 5 s. What takes longer than this hangs, even where other work slows the machine. */
export const patienceMs = 12_000;

const agent = new Agent({
  connections: 64,
  connect: { timeout: 2_000 },
  keepAliveTimeout: 30_000,
  headersTimeout: 0,
  bodyTimeout: 0,
});

/** Sends one call to one node. */
export async function send(url: string, call: Call, deadlineMs = patienceMs): Promise<Answer> {
  const { method, path, body, headers } = call;
  try {
    const response = await request(`${url}${path}`, {
      method,
      dispatcher: agent,
      signal: AbortSignal.timeout(deadlineMs),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { kind: 'answer', status: response.statusCode, body: await response.body.text() };
  } catch (error) {
    return failure(error, method);
  }
}

const neverSent = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

function failure(error: unknown, method: string): Answer {
  const code = errorCode(error);
  if (neverSent.has(code)) return { kind: 'not sent', why: code };
  const aborted = error instanceof Error && error.name === 'TimeoutError';
  return aborted ? { kind: 'silent', why: `${method} without an answer` } : { kind: 'broken', why: code };
}

export const contextPath = (context: string): string => `/v1/contexts/${context}`;

export async function closeConnections(): Promise<void> {
  await agent.destroy();
}
