import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ApiKeys } from '../../src/auth/api-keys.js';
import { embeddedRequests } from '../../src/http/embedded-requests.js';
import { Metrics } from '../../src/metrics/metrics.js';

const metrics = new Metrics();
const middleware = embeddedRequests(new ApiKeys(['secret']), metrics);
const server = createServer((request, response) => {
  middleware(request, response, () => response.end());
});

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

test('whatever is named in a path, and by whom, there is one series for each route', async () => {
  const { port } = server.address() as AddressInfo;
  for (const name of ['a', 'b%20c', 'd']) {
    for (const path of [`contexts/${name}/tail`, `cluster/nodes/${name}`, `cluster/nodes/${name}/drain`]) {
      await (await fetch(`http://127.0.0.1:${port}/shop/v1/${path}?x=1`, { method: 'DELETE' })).text();
    }
  }
  const text = await metrics.registry.metrics();
  const routes = [
    ...text.matchAll(/duration_seconds_count\{method="DELETE",route="([^"]+)",status="401"\} 3/g),
  ];
  expect(routes.map(([, route]) => route).sort()).toEqual([
    '/shop/v1/cluster/nodes/:name',
    '/shop/v1/cluster/nodes/:name/drain',
    '/shop/v1/contexts/:id/tail',
  ]);
});
