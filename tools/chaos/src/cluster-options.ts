import path from 'node:path';
import { parseArgs } from 'node:util';

export interface ClusterOptions {
  readonly nodes: number;
  /** Of the first node; the others follow. */
  readonly port: number;
  readonly directory: string;
}

export const clusterUsage = `npm run cluster -- [options]

  --nodes N    nodes (default 3)
  --port N     port of the first node; the others follow (default 4000)
  --dir PATH   where their data and logs lie (default priv/cluster)
  --help

Ctrl-C stops the nodes; their data stays. FASTPACA_… variables of the environment go to every node.`;

const root = path.resolve(import.meta.dirname, '../../..');

/** Throws a TypeError that says which option is wrong; undefined means that help was asked for. */
export function readClusterOptions(args: readonly string[]): ClusterOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string', default: '3' },
      port: { type: 'string', default: '4000' },
      dir: { type: 'string', default: path.join(root, 'priv/cluster') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const nodes = whole('nodes', values.nodes, 1, 9);
  return { nodes, port: whole('port', values.port, 1, 65_536 - nodes), directory: path.resolve(values.dir) };
}

function whole(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < minimum || value > maximum) {
    throw new TypeError(`--${name} is a whole number from ${minimum} to ${maximum}, not "${text}"`);
  }
  return value;
}
