import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { ClusterOptions } from './cluster-options.ts';
import { NodeProcess } from './node/node-process.ts';

/** The nodes of `npm run cluster`: on one machine, a port each, with the two variables that a cluster needs. */
export function localCluster(
  { nodes, port, directory }: ClusterOptions,
  environment: Readonly<Record<string, string | undefined>>,
): NodeProcess[] {
  const ports = Array.from({ length: nodes }, (_, index) => port + index);
  const seed = ports.map((each) => `127.0.0.1:${each}`).join(',');
  const cluster: Record<string, string> =
    nodes === 1
      ? {}
      : {
          FASTPACA_CLUSTER_SEED: seed,
          FASTPACA_CLUSTER_SIZE: String(nodes),
          // Nobody but this machine reaches 127.0.0.1. Elsewhere choose a secret, or an API key.
          FASTPACA_CLUSTER_SECRET: environment['FASTPACA_API_KEY'] ?? 'local',
        };
  return ports.map((each, index) => {
    const name = `n${index + 1}`;
    const place = path.join(directory, name);
    mkdirSync(place, { recursive: true });
    return new NodeProcess({
      name,
      host: '127.0.0.1',
      port: each,
      url: `http://127.0.0.1:${each}`,
      dataDirectory: path.join(place, 'data'),
      logFile: path.join(place, 'server.log'),
      env: { ...cluster, ...ours(environment) },
    });
  });
}

/** What the user has set for the server. */
function ours(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const own = new Set(['FASTPACA_NODE_NAME', 'FASTPACA_RAFT_DATA_DIR']);
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && /^(FASTPACA_|DATABASE_URL$|MIGRATE_)/.test(entry[0]) && !own.has(entry[0]),
  );
  return Object.fromEntries(entries);
}

/** How to try it, in lines for the terminal. */
export function banner(nodes: readonly NodeProcess[], directory: string, withKey: boolean): string {
  // The first of several keys. The value itself does not belong on a screen.
  const auth = withKey ? ` -H "Authorization: Bearer \${FASTPACA_API_KEY%%,*}"` : '';
  const json = `-H 'content-type: application/json'`;
  const message = `{"message":{"role":"user","parts":[{"type":"text","text":"Hello"}]}}`;
  const at = (index: number): string => nodes[index % nodes.length]?.url ?? '';
  return [
    '',
    `Data and logs   ${directory}`,
    'Try it, any node serves any request:',
    `  curl -X PUT ${at(0)}/v1/contexts/demo${auth} ${json} -d '{"token_budget":8000}'`,
    `  curl ${at(1)}/v1/contexts/demo/messages${auth} ${json} -d '${message}'`,
    `  curl ${at(2)}/v1/contexts/demo/context${auth}`,
    ...(nodes.length > 1 ? [`  curl ${at(0)}/v1/cluster${auth}`] : []),
    'Ctrl-C stops them; the data stays.',
    '',
  ].join('\n');
}
