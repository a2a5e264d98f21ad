import { parseArgs } from 'node:util';
import type { DiskChoice } from './disk/open-disks.ts';
import type { FaultKind } from './nemesis/fault.ts';
import { faultKinds } from './nemesis/plan.ts';
import type { NetworkChoice } from './network/open-network.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly nodes: number;
  readonly clients: number;
  readonly contexts: number;
  readonly thinkMs: number;
  readonly network: NetworkChoice;
  readonly disks: DiskChoice;
  /** Only these, or all that the machine allows. */
  readonly faults: readonly FaultKind[] | null;
  /** How long after the last fault every node may take to be ready. */
  readonly readySeconds: number;
  /** Where images, data and logs go. Default: the system's temporary directory. */
  readonly directory: string | undefined;
  readonly keep: boolean;
  /** The command that does the same again, with the seed where it was made up. */
  readonly command: string;
}

export const usage = `npm run chaos -- [options]

  --minutes N        how long faults are injected (default 5)
  --seed N           seed of the faults and of the clients (default: one made up, and printed)
  --nodes N          nodes of the cluster (default 3); from 3 on a spare one joins and replaces others
  --clients N        clients that write and read (default 8)
  --contexts N       contexts that they share (default 24)
  --think MS         mean pause of a client between two operations (default 20)
  --network KIND     auto, namespaces or proxy (default auto)
  --disks KIND       auto, loop or plain (default auto)
  --faults A,B       only these: ${faultKinds.map((kind) => kind.replaceAll(' ', '-')).join(', ')}
  --ready-seconds N  how long nodes may take to be ready after the last fault (default 60)
  --dir PATH         where data and logs go (default: the system's temporary directory)
  --keep             keep data and logs; a run that found something keeps them anyway
  --help

The exit code is 0 where every promise was kept, 1 where one was broken, 2 for a wrong option.`;

/** Throws a TypeError that says which option is wrong; undefined means that help was asked for. */
export function readOptions(args: readonly string[], madeUpSeed: number): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(madeUpSeed) },
      nodes: { type: 'string', default: '3' },
      clients: { type: 'string', default: '8' },
      contexts: { type: 'string', default: '24' },
      think: { type: 'string', default: '20' },
      network: { type: 'string', default: 'auto' },
      disks: { type: 'string', default: 'auto' },
      faults: { type: 'string' },
      'ready-seconds': { type: 'string', default: '60' },
      dir: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    minutes: number('minutes', values.minutes, 0.05),
    seed: whole('seed', values.seed, 0),
    nodes: whole('nodes', values.nodes, 1),
    clients: whole('clients', values.clients, 1),
    contexts: whole('contexts', values.contexts, 4),
    thinkMs: number('think', values.think, 0),
    network: oneOf('network', values.network, ['auto', 'namespaces', 'proxy']),
    disks: oneOf('disks', values.disks, ['auto', 'loop', 'plain']),
    faults: values.faults === undefined ? null : values.faults.split(',').map(faultKind),
    readySeconds: number('ready-seconds', values['ready-seconds'], 1),
    directory: values.dir,
    keep: values.keep,
    command: ['npm run chaos --', ...args, ...(args.includes('--seed') ? [] : ['--seed', values.seed])].join(
      ' ',
    ),
  };
}

function faultKind(text: string): FaultKind {
  return oneOf('faults', text.replaceAll('-', ' '), faultKinds);
}

function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new TypeError(`--${name} is one of ${known.join(', ')}, not "${text}"`);
  return found;
}

function whole(name: string, text: string, minimum: number): number {
  const value = number(name, text, minimum);
  if (!Number.isInteger(value)) throw new TypeError(`--${name} is a whole number, not "${text}"`);
  return value;
}

function number(name: string, text: string, minimum: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < minimum) {
    throw new TypeError(`--${name} is a number of at least ${minimum}, not "${text}"`);
  }
  return value;
}
