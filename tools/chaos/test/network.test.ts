import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { openNetwork } from '../src/network/open-network.ts';
import { openNamespaces } from '../src/network/namespaces.ts';
import type { Network } from '../src/network/network.ts';

// Nodes that answer every connection with what they received, and that connect to each other on demand:
// `> ADDRESS` on standard input opens a connection and says whether an echo came back in time.
const node = `
  import { createServer, connect } from 'node:net';
  import { createInterface } from 'node:readline';
  const [host, port] = process.argv.slice(1);
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => socket.write(data.toString() + ' ' + socket.remoteAddress));
  }).listen(Number(port), host, () => console.log('listening'));
  const links = new Map();
  createInterface({ input: process.stdin }).on('line', (target) => {
    let link = links.get(target);
    if (link === undefined) {
      const [to, at] = target.split(':');
      link = connect(Number(at), to);
      link.setNoDelay(true);
      link.on('error', () => links.delete(target));
      links.set(target, link);
    }
    const timer = setTimeout(() => { link.off('data', heard); console.log('silence'); }, 400);
    const heard = (data) => { clearTimeout(timer); console.log(data.toString()); };
    link.once('data', heard);
    link.write('echo');
  });
`;

class Peer {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #waiting: ((line: string) => void) | null = null;

  constructor(network: Network, index: number) {
    const { host, port, prefix } = network.places[index] ?? { host: '', port: 0, prefix: [] };
    const [command = process.execPath, ...args] = [...prefix, process.execPath, '--input-type=module'];
    this.#child = spawn(command, [...args, '-e', node, host, String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    network.processStarted(index, this.#child.pid ?? 0);
    this.#child.stdout?.on('data', (data: Buffer) => {
      for (const line of data.toString().trim().split('\n')) this.#heard(line);
    });
  }

  /** What the peer says next. */
  line(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  /** The echo that comes back over its one connection to the address, or `silence`. */
  ask(address: string): Promise<string> {
    this.#child.stdin?.write(`${address}\n`);
    return this.line();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #heard(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#lines.push(line);
    else waiting(line);
  }
}

let namespacesAllowed = false;
beforeAll(async () => {
  try {
    await openNamespaces(1).close();
    namespacesAllowed = true;
  } catch {
    namespacesAllowed = false;
  }
});

let network: Network | null = null;
let peers: Peer[] = [];
afterEach(async () => {
  for (const peer of peers) peer.kill();
  await network?.close();
  network = null;
  peers = [];
});

async function start(kind: 'namespaces' | 'proxy'): Promise<{ network: Network; addresses: string[] }> {
  network = await openNetwork(3, kind);
  peers = [0, 1, 2].map((index) => new Peer(network as Network, index));
  for (const peer of peers) expect(await peer.line()).toBe('listening');
  return { network, addresses: network.places.map(({ peerAddress }) => peerAddress) };
}

const ask = (from: number, address: string | undefined): Promise<string> =>
  (peers[from] as Peer).ask(address ?? '');

test.each(['namespaces', 'proxy'] as const)(
  'over %s: links are blocked one way, and healed',
  async (kind) => {
    if (kind === 'namespaces' && !namespacesAllowed) return;
    const { network, addresses } = await start(kind);
    const peerAddress = (await ask(2, addresses[0])).split(' ').at(-1) ?? '';
    // A node sees a peer under the address by which the peer is reached.
    expect(addresses[2]).toMatch(new RegExp(`^${peerAddress}:`));
    expect(await ask(0, addresses[1])).toMatch(/^echo/);
    network.block(1, 0);
    expect(await ask(0, addresses[1])).toBe('silence');
    expect(await ask(2, addresses[1])).toMatch(/^echo/);
    expect(await ask(0, addresses[2])).toMatch(/^echo/);
    network.heal();
    // What was held back may come first, and repeated packets take their time.
    let heard = 'silence';
    for (let attempt = 0; heard === 'silence' && attempt < 20; attempt += 1) {
      heard = await ask(0, addresses[1]);
    }
    expect(heard).toMatch(/^echo/);

    // Clients reach a node whose peers do not.
    for (const other of [1, 2]) {
      network.block(0, other);
      network.block(other, 0);
    }
    const { host, port } = network.places[0] ?? { host: '', port: 0 };
    const client = connect(port, host);
    client.write('hello');
    const [answer] = (await once(client, 'data')) as [Buffer];
    client.destroy();
    expect(answer.toString()).toMatch(/^hello/);
  },
);
