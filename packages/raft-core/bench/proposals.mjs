// Committed proposals per second over in-memory storage and network, in one process.
//   npm run build && node bench/proposals.mjs [voters=1] [groups=1] [in flight=256] [seconds=3]
import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers';
import { groupId, logIndex, nodeId, RaftHost } from '../dist/index.js';
import { MemoryNetwork, MemoryStorage } from '../dist/testing/index.js';

const [voterCount = 1, groupCount = 1, inFlight = 256, seconds = 3] = process.argv.slice(2).map(Number);
const voters = Array.from({ length: voterCount }, (_, n) => nodeId(`n${n}`));
const groups = Array.from({ length: groupCount }, (_, n) => ({ group: groupId(n), voters }));
const data = new Uint8Array(128);

class Sum {
  applied = 0;
  value = 0;
  open() {
    return Promise.resolve(logIndex(0));
  }
  apply(entries) {
    this.applied = entries.at(-1).index;
    return entries.map(() => (this.value += 1));
  }
  durableIndex() {
    return logIndex(this.applied);
  }
}

const network = new MemoryNetwork();
const hosts = [];
for (const node of voters) {
  const host = await RaftHost.open({
    nodeId: node,
    storage: new MemoryStorage({ schedule: setImmediate }),
    transport: network.transport(node),
    stateMachine: () => new Sum(),
    onFatal: (error) => {
      throw error;
    },
  });
  hosts.push(host);
}
await Promise.all(hosts.map((host) => host.createGroups(groups)));

function leaderOf(group) {
  return hosts.find((host) => {
    const status = host.status(group);
    return status.role === 'leader' && status.ready;
  });
}
while (!groups.every(({ group }) => leaderOf(group))) await new Promise((resolve) => setTimeout(resolve, 10));
const leaders = groups.map(({ group }) => leaderOf(group));

let committed = 0;
let failed = 0;
const latencies = [];
const end = performance.now() + seconds * 1_000;
async function client(at) {
  for (let turn = at; performance.now() < end; turn += inFlight) {
    const which = turn % groupCount;
    const startedAt = performance.now();
    const outcome = await leaders[which].propose(groups[which].group, data, { deadlineMs: 5_000 });
    if (outcome.kind === 'committed') committed += 1;
    else failed += 1;
    if (turn % 16 === 0) latencies.push(performance.now() - startedAt);
  }
}
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
await Promise.all(Array.from({ length: inFlight }, (_, at) => client(at)));
const elapsed = (performance.now() - startedAt) / 1_000;
const cpu = process.cpuUsage(cpuBefore);
const cpuMicros = (cpu.user + cpu.system) / Math.max(1, committed);
latencies.sort((a, b) => a - b);
const quantile = (q) => latencies[Math.floor(latencies.length * q)]?.toFixed(2);
console.log(
  `${voterCount} voters, ${groupCount} groups, ${inFlight} in flight: ` +
    `${Math.round(committed / elapsed)} proposals/s, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, ${failed} failed, ` +
    `${cpuMicros.toFixed(1)} µs of CPU each, ` +
    `${Math.round(process.memoryUsage().rss / 1e6)} MB`,
);
for (const host of hosts) await host.close();
