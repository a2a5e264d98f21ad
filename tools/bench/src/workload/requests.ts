import { englishText } from './text.ts';
import { seededRandom } from './random.ts';

export type RequestKind = 'append' | 'read';

/** One request, encoded in advance: the client must not spend the cores that it measures. */
export interface EncodedRequest {
  readonly kind: RequestKind;
  readonly bytes: Buffer;
}

export interface WorkloadShape {
  readonly contexts: number;
  readonly messageBytes: number;
  readonly seed: number;
}

/** Distinct texts per context; after that many appends the texts of a context repeat. */
const TEXTS_PER_CONTEXT = 96;

export function contextId(index: number): string {
  return `bench-${String(index).padStart(5, '0')}`;
}

/** Raw HTTP/1.1 bytes of one request on a kept-alive connection. */
export function encodeRequest(method: string, path: string, body?: string): Buffer {
  const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n`;
  if (body === undefined) return Buffer.from(`${head}\r\n`);
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `${head}content-type: application/json\r\ncontent-length: ${String(length)}\r\n\r\n${body}`,
  );
}

/** One single-message append, round-robin over the contexts, roles alternating inside each context. */
export function encodeAppends(shape: WorkloadShape): EncodedRequest[] {
  const random = seededRandom(shape.seed);
  const requests: EncodedRequest[] = [];
  for (let index = 0; index < shape.contexts * TEXTS_PER_CONTEXT; index += 1) {
    const role = Math.floor(index / shape.contexts) % 2 === 0 ? 'user' : 'assistant';
    const text = englishText(random, shape.messageBytes);
    const body = JSON.stringify({ message: { role, parts: [{ type: 'text', text }] } });
    const path = `/v1/contexts/${contextId(index % shape.contexts)}/messages`;
    requests.push({ kind: 'append', bytes: encodeRequest('POST', path, body) });
  }
  return requests;
}

/** One window read for each context. */
export function encodeReads(shape: WorkloadShape): EncodedRequest[] {
  return Array.from({ length: shape.contexts }, (_, index) => ({
    kind: 'read',
    bytes: encodeRequest('GET', `/v1/contexts/${contextId(index)}/context`),
  }));
}

/**
 * The order of a chat: the user's message is appended, the window is read for the model, the answer is
 * appended. So two appends to one read, each read of the context that was appended to last.
 */
export function interleave(
  appends: readonly EncodedRequest[],
  reads: readonly EncodedRequest[],
): EncodedRequest[] {
  const mixed: EncodedRequest[] = [];
  for (const [index, append] of appends.entries()) {
    mixed.push(append);
    const read = reads[index % reads.length];
    if (index % 2 === 0 && read !== undefined) mixed.push(read);
  }
  return mixed;
}

/** Hands out a list of requests over and over. */
export function cycle(requests: readonly EncodedRequest[]): () => EncodedRequest {
  let position = 0;
  return () => {
    const request = requests[position];
    if (request === undefined) throw new RangeError('cycle() needs at least one request');
    position = position + 1 === requests.length ? 0 : position + 1;
    return request;
  };
}
