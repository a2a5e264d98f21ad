import { join } from 'node:path';
import { LogStore } from '@fastpaca/log-storage';
import { groupId, nodeId, RaftHost, type GroupId } from '@fastpaca/raft-core';
import { MemoryNetwork, MemoryStorage } from '@fastpaca/raft-core/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { MemoryCounter, StoredCounter } from './counter.ts';

export type RaftStorageKind = 'memory' | 'log-storage';

export interface RaftHosts {
  readonly groups: readonly GroupId[];
  /** Waits until the group has a leader that serves. */
  leaderOf(group: GroupId): Promise<RaftHost<number>>;
  close(): Promise<void>;
}

const nodes = 3;
/** As the server has it: a count that every proposal changes is written once for several of them. */
const staged = { delayMs: 500, bytes: 8 << 20 };

/** Three nodes in this process, each group with a replica on all of them. */
export async function openHosts(
  kind: RaftStorageKind,
  groupCount: number,
  directory: string,
): Promise<RaftHosts> {
  const network = new MemoryNetwork();
  const voters = Array.from({ length: nodes }, (_, n) => nodeId(`n${String(n)}`));
  const groups = Array.from({ length: groupCount }, (_, n) => ({ group: groupId(n), voters }));
  const hosts: RaftHost<number>[] = [];
  for (const node of voters) {
    const options = { nodeId: node, transport: network.transport(node), onFatal: fail };
    if (kind === 'memory') {
      const storage = new MemoryStorage({ schedule: setImmediate });
      hosts.push(await RaftHost.open({ ...options, storage, stateMachine: () => new MemoryCounter() }));
    } else {
      const stagedDelay = { ms: staged.delayMs, bytes: staged.bytes };
      const storage = await LogStore.open(join(directory, node), { onFailure: fail, stagedDelay });
      const stateMachine = (group: GroupId) => new StoredCounter(storage.keySpace(group));
      hosts.push(await RaftHost.open({ ...options, storage, stateMachine, stagedFlush: staged }));
    }
  }
  await Promise.all(hosts.map((host) => host.createGroups(groups)));
  return {
    groups: groups.map(({ group }) => group),
    leaderOf: (group) => leaderOf(hosts, group),
    async close() {
      await Promise.all(hosts.map((host) => host.close()));
    },
  };
}

async function leaderOf(hosts: readonly RaftHost<number>[], group: GroupId): Promise<RaftHost<number>> {
  for (;;) {
    const leader = hosts.find((host) => {
      const status = host.status(group);
      return status?.role === 'leader' && status.ready;
    });
    if (leader !== undefined) return leader;
    await delay(10);
  }
}

function fail(error: Error): never {
  throw error;
}
