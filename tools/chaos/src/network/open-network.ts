import { createServer } from 'node:net';
import { once } from 'node:events';
import { openNamespaces } from './namespaces.ts';
import type { Network } from './network.ts';
import { openProxies } from './proxy.ts';

export type NetworkChoice = 'auto' | 'namespaces' | 'proxy';

/** Namespaces where the system allows them, else proxies. */
export async function openNetwork(count: number, choice: NetworkChoice): Promise<Network> {
  if (choice !== 'proxy') {
    try {
      return openNamespaces(count);
    } catch (error) {
      if (choice === 'namespaces') throw error;
    }
  }
  return openProxies(count, await freePort());
}

/** A port nobody listens on right now. */
export const freePort = (): Promise<number> => freePorts(1);

/** The first of so many ports in a row that nobody listens on right now. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = await listenOnce(0);
    const others = Array.from({ length: count - 1 }, (_, index) => listenOnce(first + 1 + index));
    if ((await Promise.allSettled(others)).every(({ status }) => status === 'fulfilled')) return first;
  }
  throw new Error(`there are no ${count} free ports in a row`);
}

async function listenOnce(port: number): Promise<number> {
  const probe = createServer().listen(port, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}
