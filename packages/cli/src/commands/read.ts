import type { StreamEvent } from '@fastpaca/fastpaca';
import type { Command } from 'commander';
import { eventText, messageText, windowText } from '../format/messages.js';
import { integerFrom } from '../input/options.js';
import type { Io } from '../io.js';
import { contextOf, type CommandContext } from './command-context.js';

interface TailOptions {
  readonly lines: number;
  readonly follow?: boolean;
  readonly cursor?: number;
}

export function addReadCommands(program: Command, io: Io): void {
  program
    .command('tail')
    .description('show the newest messages, and with -f those that come')
    .argument('<id>')
    .option('-n, --lines <count>', 'messages', integerFrom(0), 10)
    .option('-f, --follow', 'go on with what comes, over restarts of the server, until Ctrl-C')
    .option(
      '--cursor <version>',
      'with -f: go on after this version, in place of the newest messages',
      integerFrom(0),
    )
    .action(async (id: string, options: TailOptions, command: Command) => {
      await tail(contextOf(command, io), id, options);
    });

  program
    .command('messages')
    .description('show the message log, oldest first')
    .argument('<id>')
    .option('--from <seq>', 'first message; negative counts from the end', integerFrom(-Infinity))
    .option('--to <seq>', 'last message', integerFrom(0))
    .action(
      async (id: string, options: { readonly from?: number; readonly to?: number }, command: Command) => {
        const { client, output, signal } = contextOf(command, io);
        const context = await client.context(id);
        const range = { fromSeq: options.from, toSeq: options.to, pageSize: 1_000, signal };
        for await (const message of context.messages(range)) {
          await output.show(message, () => messageText(message));
        }
      },
    );

  program
    .command('context')
    .alias('window')
    .description('show the window: what goes to the model')
    .argument('<id>')
    .option('--budget <tokens>', 'overrides the budget for this read', integerFrom(1))
    .option('--if-version <version>', 'only if the context has this version', integerFrom(0))
    .option('--explain', 'with --json: why each message is in the window, or is not')
    .action(
      async (
        id: string,
        options: { readonly budget?: number; readonly ifVersion?: number; readonly explain?: boolean },
        command: Command,
      ) => {
        const { client, output, signal } = contextOf(command, io);
        const { budget, ifVersion, explain } = options;
        const context = await client.context(id);
        const window = await context.context({ budgetTokens: budget, ifVersion, explain, signal });
        await output.show(window, () => windowText(window));
      },
    );
}

async function tail(
  { client, output, signal }: CommandContext,
  id: string,
  { lines, follow, cursor }: TailOptions,
): Promise<void> {
  const context = await client.context(id);
  // Before the messages are read: what is appended in between comes with both, and is shown once.
  const version = follow === true ? (cursor ?? (await context.info({ signal })).version) : 0;
  let shown = 0;
  if (cursor === undefined && lines > 0) {
    const newest = { fromSeq: -lines, pageSize: Math.min(lines, 1_000), signal };
    for await (const message of context.messages(newest)) {
      await output.show(message, () => messageText(message));
      shown = message.seq;
    }
  }
  if (follow !== true) return;
  for await (const event of context.stream({ cursor: version, signal })) {
    if (event.type === 'message' && event.message.seq <= shown) continue;
    await showEvent(output, event);
  }
}

async function showEvent(output: CommandContext['output'], event: StreamEvent): Promise<void> {
  if (output.json) await output.line(JSON.stringify(event));
  else {
    const text = eventText(event);
    if (text !== null) await output.line(text);
  }
}
