import { Command } from 'commander';
import { addBackupCommands } from './commands/backup.js';
import { addClusterCommands } from './commands/cluster.js';
import { addContextCommands } from './commands/contexts.js';
import { addReadCommands } from './commands/read.js';
import { addWriteCommands } from './commands/append.js';
import { defaultUrl } from './connection.js';
import { collect } from './input/options.js';
import type { Io } from './io.js';
import { version } from './version.js';

const exitCodesHelp = `
Exit codes: 0 done, 1 error, 2 wrong command line, 3 not found, 4 conflict, 5 unavailable (try again),
6 no or wrong API key, 130 interrupted.`;

/** The command line as a value: what it parses to, it does with `io`. */
export function createProgram(io: Io): Command {
  const program = new Command('fastpaca')
    .description('Works with a Fastpaca context store.')
    .version(version)
    .option(
      '--url <url>',
      `address of a node, may be repeated (FASTPACA_URL, default ${defaultUrl})`,
      collect,
    )
    .option('--api-key <key>', 'bearer token (FASTPACA_API_KEY)')
    .option('--json', 'print JSON: one value, or one a line')
    .addHelpText('after', exitCodesHelp)
    .showHelpAfterError('(see fastpaca --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  addContextCommands(program, io);
  addWriteCommands(program, io);
  addReadCommands(program, io);
  addBackupCommands(program, io);
  addClusterCommands(program, io);
  return program;
}
