import type { Command } from 'commander';
import { counted } from '../format/numbers.js';
import { integerFrom } from '../input/options.js';
import { jsonMessages, textMessage } from '../input/read-messages.js';
import { readText } from '../input/read-text.js';
import type { Io } from '../io.js';
import { contextOf } from './command-context.js';

interface InputOptions {
  readonly role: string;
  readonly file?: string;
  readonly messages?: boolean;
  readonly ifVersion?: number;
}

interface AppendOptions extends InputOptions {
  readonly id?: string;
  readonly tokenCount?: number;
  readonly key?: string;
  readonly create?: boolean;
}

interface CompactOptions extends InputOptions {
  readonly upToSeq?: number;
}

export function addWriteCommands(program: Command, io: Io): void {
  program
    .command('append')
    .description('append a message: the text of an argument, of a file, or from a pipe')
    .argument('<id>')
    .argument('[text]', 'the message; - or none for standard input')
    .option('-r, --role <role>', 'who says it', 'user')
    .option('-f, --file <path>', 'read it from a file')
    .option('-m, --messages', 'the input is JSON messages: an object, an array, or one a line')
    .option('--id <id>', 'id of the message: the same id is appended once')
    .option('--token-count <count>', 'tokens of the message; otherwise the server counts', integerFrom(0))
    .option('--key <key>', 'idempotency key: the same call happens once')
    .option('--if-version <version>', 'only if the context has this version', integerFrom(0))
    .option('--create', 'create the context if there is none')
    .action(async (id: string, argument: string | undefined, options: AppendOptions, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      const text = await readText({ argument, file: options.file }, io);
      const messages = options.messages === true ? jsonMessages(text) : [textMessage(text, options)];
      const context =
        options.create === true ? await client.context(id, {}, { signal }) : await client.context(id);
      const appended = await context.append(messages, {
        ifVersion: options.ifVersion,
        idempotencyKey: options.key,
        signal,
      });
      await output.show(appended, () => appendedText(appended));
    });

  program
    .command('compact')
    .description('replace the window by a summary; the log keeps every message')
    .argument('<id>')
    .argument('[text]', 'the summary; - or none for standard input')
    .option('-r, --role <role>', 'role of the summary', 'user')
    .option('-f, --file <path>', 'read it from a file')
    .option('-m, --messages', 'the input is JSON messages: an object, an array, or one a line')
    .option('--up-to-seq <seq>', 'it stands for the messages up to here; later ones stay', integerFrom(0))
    .option('--if-version <version>', 'only if the context has this version', integerFrom(0))
    .action(async (id: string, argument: string | undefined, options: CompactOptions, command: Command) => {
      const { client, output, signal } = contextOf(command, io);
      const text = await readText({ argument, file: options.file }, io);
      const messages =
        options.messages === true ? jsonMessages(text) : [textMessage(text, { role: options.role })];
      const { ifVersion, upToSeq } = options;
      const context = await client.context(id);
      const compacted = await context.compact(messages, { ifVersion, upToSeq, signal });
      await output.show(compacted, () => `${id} is compacted, version ${compacted.version}.`);
    });
}

function appendedText({
  results,
  version,
  deduped,
}: {
  readonly results: readonly { readonly seq: number; readonly tokenEstimate: number }[];
  readonly version: number;
  readonly deduped: boolean;
}): string {
  const tokens = results.reduce((sum, { tokenEstimate }) => sum + tokenEstimate, 0);
  const seqs = [results[0]?.seq, results.at(-1)?.seq];
  const place = seqs[0] === seqs[1] ? `seq ${seqs[0]}` : `seq ${seqs[0]} to ${seqs[1]}`;
  return `${place}, ${counted(tokens, 'token')}, version ${version}${deduped ? ', was there already' : ''}`;
}
