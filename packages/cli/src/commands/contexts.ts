import type { ContextPolicy } from '@fastpaca/fastpaca';
import type { Command } from 'commander';
import { contextText, contextsTable } from '../format/contexts.js';
import { integerFrom, jsonObject, keyValue, oneOf, ratio } from '../input/options.js';
import type { Io } from '../io.js';
import { contextOf } from './command-context.js';

interface CreateOptions {
  readonly budget?: number;
  readonly trigger?: number;
  readonly policy?: ContextPolicy['strategy'];
  readonly policyConfig?: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
  readonly reactivate?: boolean;
}

interface ListOptions {
  readonly prefix?: string;
  readonly status?: 'active' | 'tombstoned';
  readonly metadata?: Record<string, string>;
  readonly limit: number;
}

export function addContextCommands(program: Command, io: Io): void {
  program
    .command('create')
    .alias('put')
    .description('create a context, or change its settings')
    .argument('<id>')
    .option('--budget <tokens>', 'ceiling of the window (default 8000)', integerFrom(1))
    .option('--trigger <ratio>', 'share of the budget at which compaction starts (default 0.7)', ratio)
    .option('--policy <name>', 'last_n, skip_parts or manual', oneOf('last_n', 'skip_parts', 'manual'))
    .option('--policy-config <json>', 'such as {"limit": 200}', jsonObject)
    .option('--metadata <json>', 'replaces the metadata', jsonObject)
    .option('--reactivate', 'bring a deleted context back')
    .action(async (id: string, options: CreateOptions, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      const { budget, trigger, metadata, reactivate } = options;
      const settings = { budget, trigger, metadata, reactivate, policy: policyOf(options) };
      const context = await client.context(id, settings, { signal });
      const info = await context.info({ signal });
      await output.show(info, () => contextText(info));
    });

  program
    .command('get')
    .description('show a context')
    .argument('<id>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      const info = await (await client.context(id)).info({ signal });
      await output.show(info, () => contextText(info));
    });

  program
    .command('list')
    .description('list contexts by id')
    .option('--prefix <text>', 'only ids that begin with this')
    .option('--status <status>', 'active or tombstoned', oneOf('active', 'tombstoned'))
    .option('--metadata <key=value>', 'only contexts that have it; may be repeated', keyValue)
    .option('-n, --limit <count>', 'contexts; 0 for all', integerFrom(0), 100)
    .action(async ({ limit, ...filters }: ListOptions, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      let page = [];
      let left = limit === 0 ? Infinity : limit;
      const options = { ...filters, limit: Math.min(left, 1_000), signal };
      for await (const context of client.contexts.all(options)) {
        if (output.json) await output.line(JSON.stringify(context));
        else page.push(context);
        left -= 1;
        if (left === 0) break;
        // A table of a million rows would have to be in memory whole.
        if (page.length < 1_000) continue;
        await output.line(contextsTable(page));
        page = [];
      }
      if (!output.json && page.length > 0) await output.line(contextsTable(page));
    });

  program
    .command('delete')
    .description('make a context read-only, or erase it for good')
    .argument('<id>')
    .option('--erase', 'remove log, window and archived messages for good, on every node')
    .action(async (id: string, { erase }: { readonly erase?: boolean }, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      await client.deleteContext(id, { erase, signal });
      const done = erase === true ? 'erased' : 'deleted';
      await output.show({ id, [done]: true }, () => `${id} is ${done}.`);
    });
}

/** A configuration without a policy is that of the default one. */
function policyOf({ policy, policyConfig }: CreateOptions): ContextPolicy | undefined {
  if (policy === undefined && policyConfig === undefined) return undefined;
  // The server checks the members against the strategy, and says what is wrong.
  return { strategy: policy ?? 'last_n', config: policyConfig ?? {} } as ContextPolicy;
}
