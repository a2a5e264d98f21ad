import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort, startServer, type RunningServer, withoutVocabulary } from '../server-process.js';
import { SpanCollector, type ReceivedSpan } from './span-collector.js';

let collector: SpanCollector;
let nodes: readonly RunningServer[];
beforeAll(async () => {
  collector = await SpanCollector.start();
  const ports = [await freePort(), await freePort()];
  const seed = ports.map((port) => `127.0.0.1:${String(port)}`).join(',');
  const cluster = {
    FASTPACA_CLUSTER_SEED: seed,
    FASTPACA_CLUSTER_SIZE: '2',
    FASTPACA_CLUSTER_SECRET: 'traced',
  };
  // What an append does is tested, not how soon leaders are found.
  const patient = { FASTPACA_REQUEST_DEADLINE_MS: '30000' };
  const env = { ...withoutVocabulary, ...collector.environment, ...cluster, ...patient };
  nodes = await Promise.all(ports.map((port) => startServer({ port, env })));
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await collector.close();
});

let traces = 0;
async function call(method: string, path: string, body: unknown): Promise<string> {
  traces += 1;
  const traceId = traces.toString(16).padStart(32, '0');
  const headers = { 'content-type': 'application/json', traceparent: `00-${traceId}-00000000000000aa-01` };
  const url = `${nodes[0]?.url ?? ''}${path}`;
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  expect([200, 201]).toContain(answer.status);
  return traceId;
}

async function append(context: number): Promise<string> {
  const path = `/v1/contexts/traced-${String(context)}`;
  await call('PUT', path, {});
  const message = { role: 'user', parts: [{ type: 'text', text: 'Hi' }] };
  return call('POST', `${path}/messages`, { message });
}

/** Names from the root down to where nobody goes on. */
function chains(spans: readonly ReceivedSpan[]): string[] {
  const below = (parent: string): string[] =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent)
      .flatMap(({ name, spanId }) => {
        const rest = below(spanId);
        return rest.length === 0 ? [name] : rest.map((chain) => `${name} > ${chain}`);
      });
  return below('00000000000000aa');
}

/** Waits until the spans are one of the expected trees: each process sends its own when it finds the time. */
async function chainsOf(traceId: string, expected: readonly (readonly string[])[]): Promise<string[]> {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = chains(collector.trace(traceId)).sort();
    if (expected.some((tree) => tree.join() === found.join()) || Date.now() > end) return found;
    await delay(20);
  }
}

const route = 'POST /v1/contexts/:id/messages';

test('one span per hop of an append, below the span of the client, on the node that leads or over the link', async () => {
  const local = [`${route} > count tokens`, `${route} > raft commit`];
  const forwarded = [`${route} > count tokens`, `${route} > peer propose > peer propose > raft commit`];
  const seen = new Set<string>();
  for (let context = 0; context < 40 && seen.size < 2; context += 1) {
    const found = await chainsOf(await append(context), [local, forwarded]);
    expect([...local, ...forwarded]).toEqual(expect.arrayContaining(found));
    // Neither tree is one whose leader changed meanwhile, as they do after the start: it was tried again.
    if (found.length === local.length) seen.add(found.join());
  }
  expect(seen.size).toBe(2);
  const [request] = collector.spans.filter(({ name }) => name === route);
  expect(request?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.response.status_code': 201,
  });
  const processes = collector.spans
    .filter(({ name }) => name === 'peer propose')
    .map(({ instance }) => instance);
  expect(new Set(processes).size).toBe(2);
}, 90_000);

test('without a variable that asks for it nothing is traced', async () => {
  const before = collector.spans.length;
  const quiet = await startServer({ env: withoutVocabulary });
  try {
    const answer = await fetch(`${quiet.url}/v1/contexts/quiet`, {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(201);
    expect(quiet.output()).not.toContain('OpenTelemetry');
  } finally {
    await quiet.stop();
  }
  expect(collector.spans).toHaveLength(before);
});
