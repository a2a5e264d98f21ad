import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterStatus } from '@fastpaca/fastpaca';
import type { Command } from 'commander';
import { clusterText } from '../format/cluster.js';
import type { Io } from '../io.js';
import { contextOf, type CommandContext } from './command-context.js';

const pollMs = 1_000;

export function addClusterCommands(program: Command, io: Io): void {
  const cluster = program.command('cluster').description('look after the nodes');

  cluster
    .command('status')
    .description('show nodes, groups and what is wrong')
    .action(async (_options: object, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      const status = await client.cluster.status({ signal });
      await output.show(status, () => clusterText(status));
    });

  cluster
    .command('drain')
    .description('let a node give its replicas to others')
    .argument('<node>')
    .option('--wait', 'until it holds none')
    .option('--undo', 'take the drain back')
    .action(
      async (
        node: string,
        options: { readonly wait?: boolean; readonly undo?: boolean },
        command: Command,
      ) => {
        const context = contextOf(command, io);
        const { client, output, signal } = context;
        const status =
          options.undo === true
            ? await client.cluster.undrain(node, { signal })
            : await client.cluster.drain(node, { signal });
        const last =
          options.wait === true && options.undo !== true ? await drained(context, node, status) : status;
        await output.show(last, () => clusterText(last));
      },
    );

  cluster
    .command('remove')
    .description('remove a node that is drained, or dead')
    .argument('<node>')
    .action(async (node: string, _options: object, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      await client.cluster.remove(node, { signal });
      await output.show({ name: node, removed: true }, () => `${node} is removed.`);
    });
}

async function drained(
  { client, signal }: CommandContext,
  name: string,
  first: ClusterStatus,
): Promise<ClusterStatus> {
  for (let status = first; ; status = await client.cluster.status({ signal })) {
    const node = status.nodes.find((each) => each.name === name || each.id === name);
    if (node === undefined || (node.placed === 0 && node.replicas === 0)) return status;
    await delay(pollMs, undefined, { signal });
  }
}
