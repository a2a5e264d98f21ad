import { setTimeout as delay } from 'node:timers/promises';
import { clusterUsage, readClusterOptions, type ClusterOptions } from './cluster-options.ts';
import { banner, localCluster } from './local-cluster.ts';
import type { NodeProcess } from './node/node-process.ts';
import { NodeWatch } from './status/node-status.ts';
import { openStatusScreen } from './status/status-screen.ts';

const lookEveryMs = 1_000;
const stopDeadlineMs = 30_000;

/** Starts the nodes, shows how they are until a signal comes, and stops them. Returns the exit code. */
async function run(options: ClusterOptions, signal: AbortSignal): Promise<number> {
  const nodes = localCluster(options, process.env);
  const key = process.env['FASTPACA_API_KEY']?.split(',')[0];
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const watches = nodes.map((node) => new NodeWatch(node, headers));
  const screen = openStatusScreen(process.stdout);
  for (const node of nodes) node.start();
  console.log(banner(nodes, options.directory, key !== undefined));
  const told = new Set<NodeProcess>();
  while (!signal.aborted) {
    const statuses = await Promise.all(watches.map((watch) => watch.look()));
    for (const [index, { state }] of statuses.entries()) {
      const node = nodes[index];
      if (state !== 'ended' || node === undefined || told.has(node)) continue;
      told.add(node);
      screen.say(`${node.name} ended by itself:\n${node.logTail(600)}`);
    }
    screen.show(statuses);
    if (statuses.every(({ state }) => state === 'ended')) break;
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  if (!signal.aborted) return 1;
  console.log('Stopping …');
  const stopped = await Promise.all(nodes.map((node) => node.stop(stopDeadlineMs)));
  console.log(stopped.every(Boolean) ? 'Stopped.' : 'Not every node ended by itself.');
  return stopped.every(Boolean) ? 0 : 1;
}

function parseOrExplain(): ClusterOptions | undefined {
  try {
    const options = readClusterOptions(process.argv.slice(2));
    if (options === undefined) console.log(clusterUsage);
    return options;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${clusterUsage}`);
    process.exitCode = 2;
    return undefined;
  }
}

const options = parseOrExplain();
if (options !== undefined) {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  process.exitCode = await run(options, interrupted.signal);
}
