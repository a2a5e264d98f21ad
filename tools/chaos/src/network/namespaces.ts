import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Network, Place, Slowness } from './network.ts';

const prefix = 'fpc';
/** Belongs to nobody: a frame sent to it is lost without a word. */
const nowhere = '02:00:00:00:00:01';
const port = 4000;

/**
 * Each node in a network namespace with an address of its own, all on one bridge that the clients reach too. A
 * blocked direction is a neighbour entry that points nowhere: packets vanish, connections stay and are repeated
 * into, as with a broken switch. It needs nothing but iproute2, no packet filter.
 *
 * @throws Error where the system does not allow it
 */
export function openNamespaces(count: number): Network {
  removeLeftovers();
  const network = new Namespaces(count);
  try {
    network.build();
  } catch (error) {
    network.destroy();
    throw error;
  }
  return network;
}

/** Whose process has ended: a run that was killed leaves its own behind. */
function removeLeftovers(): void {
  for (const name of listed('/run/netns')) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !listed('/proc').includes(owner)) ip('netns', 'del', name);
  }
  for (const name of listed('/sys/class/net')) {
    const owner = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1];
    if (owner !== undefined && !listed('/proc').includes(owner)) ip('link', 'del', name);
  }
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

class Namespaces implements Network {
  readonly kind = 'namespaces';
  readonly places: readonly Place[];
  readonly #subnet: string;
  readonly #bridge = `${prefix}${process.pid}`;
  #delays = false;

  constructor(count: number) {
    // 198.18.0.0/15 is set aside for tests (RFC 2544): no route of the machine is in the way.
    this.#subnet = `198.18.${process.pid % 256}`;
    this.places = Array.from({ length: count }, (_, index) => ({
      host: this.#address(index),
      port,
      peerAddress: `${this.#address(index)}:${port}`,
      url: `http://${this.#address(index)}:${port}`,
      prefix: ['nsenter', `--net=/run/netns/${this.#namespace(index)}`],
    }));
  }

  get description(): string {
    const slow = this.#delays ? 'tc netem' : 'tc tbf, for the kernel has no netem';
    return `a network namespace for each node on ${this.#subnet}.0/24, slowed with ${slow}`;
  }

  get slownesses(): readonly Slowness[] {
    return this.#delays ? ['delay', 'narrow'] : ['narrow'];
  }

  build(): void {
    ip('link', 'add', this.#bridge, 'type', 'bridge');
    ip('addr', 'add', `${this.#subnet}.1/24`, 'dev', this.#bridge);
    ip('link', 'set', this.#bridge, 'up');
    for (const index of this.places.keys()) {
      const namespace = this.#namespace(index);
      const outside = `${this.#bridge}p${index}`;
      ip('netns', 'add', namespace);
      ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      ip('link', 'set', outside, 'master', this.#bridge, 'up');
      ip('-n', namespace, 'addr', 'add', `${this.#address(index)}/24`, 'dev', 'eth0');
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
      ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    }
    this.#delays = this.#try(() => this.slow(0, 'delay'));
    this.heal();
  }

  processStarted(): void {
    // The namespace says whose it is.
  }

  block(from: number, to: number): void {
    const entry = [this.#address(to), 'lladdr', nowhere, 'dev', 'eth0', 'nud', 'permanent'];
    ip('-n', this.#namespace(from), 'neigh', 'replace', ...entry);
  }

  slow(index: number, how: Slowness): void {
    const discipline =
      how === 'delay'
        ? ['netem', 'delay', '60ms', '30ms', 'loss', '3%']
        : ['tbf', 'rate', '2mbit', 'burst', '16kb', 'latency', '300ms'];
    tc('-n', this.#namespace(index), 'qdisc', 'replace', 'dev', 'eth0', 'root', ...discipline);
  }

  heal(): void {
    for (const from of this.places.keys()) {
      const namespace = this.#namespace(from);
      this.#try(() => tc('-n', namespace, 'qdisc', 'del', 'dev', 'eth0', 'root'));
      for (const to of this.places.keys()) {
        if (to === from) continue;
        this.#try(() => ip('-n', namespace, 'neigh', 'del', this.#address(to), 'dev', 'eth0'));
      }
    }
  }

  close(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  destroy(): void {
    for (const index of this.places.keys()) this.#try(() => ip('netns', 'del', this.#namespace(index)));
    this.#try(() => ip('link', 'del', this.#bridge));
  }

  /** Whether it went through: what is not there cannot be removed, and that is fine. */
  #try(action: () => void): boolean {
    try {
      action();
      return true;
    } catch {
      return false;
    }
  }

  #namespace(index: number): string {
    return `${prefix}${process.pid}-${index}`;
  }

  #address(index: number): string {
    return `${this.#subnet}.${10 + index}`;
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function tc(...args: string[]): void {
  execFileSync('tc', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
