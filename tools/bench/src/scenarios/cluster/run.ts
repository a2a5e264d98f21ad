import { join } from 'node:path';
import type { BenchOptions } from '../../options.ts';
import { clusterRatio, outageTable, restartTable, throughputTable } from '../../report/cluster-report.ts';
import type { ClusterSystem } from '../../systems/cluster-system.ts';
import { ContextStoreCluster } from '../../systems/context-store-cluster.ts';
import { EtcdCluster, etcdVersion } from '../../systems/etcd-cluster.ts';
import { measureOutages } from './outage.ts';
import { measureRestart } from './restart.ts';
import { measureThroughput } from './throughput.ts';

/** Three nodes on this machine, beside etcd where it is installed. Returns what went wrong. */
export async function runCluster(
  directory: string,
  options: BenchOptions,
  log: (line: string) => void,
): Promise<string[]> {
  const systems: ClusterSystem[] = [new ContextStoreCluster(join(directory, 'cluster'))];
  const version = options.baseline ? etcdVersion() : undefined;
  if (version !== undefined) {
    systems.push(new EtcdCluster(join(directory, 'etcd')));
    log(`beside etcd ${version}, three nodes with its defaults, over gRPC`);
  } else if (options.baseline) log('etcd is not installed: on Debian, apt-get install etcd-server');
  try {
    const throughput = await measureThroughput(systems, options, log);
    log(`\n${throughputTable(throughput)}\n`);
    const ratio = clusterRatio(throughput);
    if (ratio !== undefined) log(`${ratio}\n`);
    const outages = [];
    for (const system of systems) {
      outages.push(...(await measureOutages(system, options, options)));
    }
    log(`${outageTable(outages)}\n`);
    const restarts = [];
    for (const system of systems) {
      restarts.push(await measureRestart(system, options, options.observedSeconds));
    }
    log(restartTable(restarts));
    return throughput
      .filter(({ total }) => total.errorCount > 0)
      .map(
        ({ system, total }) =>
          `${system}: ${String(total.errorCount)} appends failed: ${total.firstError ?? ''}`,
      );
  } finally {
    for (const system of systems) await system.dispose();
  }
}
