import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createEstimator } from '@fastpaca/token-budget';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import * as contextStore from '../src/index.js';
import type { ContextStore } from '../src/index.js';
import { estimator } from './support/group-bench.js';
import { until } from './support/cluster-bench.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);

/** Runs a block with these names in place of what it imports; gives back one of its variables. */
async function runBlock(code: string, names: Record<string, unknown>, wanted: string): Promise<unknown> {
  const body = code.replaceAll(/^import .*$/gm, '');
  const source = `return (async () => { ${body}\nreturn ${wanted}; })()`;
  const run = new Function(...Object.keys(names), source) as (...values: unknown[]) => Promise<unknown>;
  return run(...Object.values(names));
}

describe('the README', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'readme-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test('its first example runs as it is', async () => {
    const printed: unknown[][] = [];
    const code = (blocks[0] ?? '').replace("'./data'", JSON.stringify(directory));
    const fakes = { console: { log: (...values: unknown[]) => printed.push(values) } };
    await runBlock(code, { ...contextStore, createEstimator, ...fakes }, 'version');
    const [[tokens, messages] = []] = printed;
    expect(tokens).toBeGreaterThan(0);
    expect(messages).toMatchObject([expect.stringContaining('Hello'), expect.stringContaining('Hi!')]);
  });

  test('its cluster forms of three nodes over real links, and each serves what another wrote', async () => {
    const ports = await freePorts(3);
    const servers: Server[] = [];
    const stores: ContextStore[] = [];
    const tracked = (): Server => {
      const server = createServer();
      servers.push(server);
      return server;
    };
    try {
      for (const [n, port] of ports.entries()) {
        const code = (blocks[1] ?? '')
          .replace("'./data'", JSON.stringify(join(directory, `${n}`)))
          .replace('const port = 4000;', `const port = ${port};`)
          .replace("'node-1'", `'node-${n + 1}'`)
          .replace(/\['node-1:4000'.*\]/, JSON.stringify(ports.map((each) => `127.0.0.1:${each}`)));
        const names = {
          ...contextStore,
          createServer: tracked,
          estimator,
          secret: 'a secret of the test',
          onFatal: (error: Error) => {
            throw error;
          },
        };
        stores.push((await runBlock(code, names, 'store')) as ContextStore);
      }
      await until(
        () => stores.every((store) => store.ready().ready),
        () => stores.map((store) => JSON.stringify(store.ready())).join(),
      );
      for (const [n, store] of stores.entries()) {
        const id = `context-${n}`;
        await store.put(id, {});
        await store.append(id, [{ role: 'user', parts: [{ type: 'text', text: id }] }], {
          idempotencyKey: 'k',
        });
        for (const other of stores) expect(await other.get(id)).toMatchObject({ version: 1, last_seq: 1 });
      }
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      for (const server of servers) server.close();
    }
  });
});

/** Ports that were free a moment ago: the nodes must know those of each other before they listen. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
