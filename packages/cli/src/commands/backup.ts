import type { Command } from 'commander';
import { UsageError } from '../exit-codes.js';
import type { Io } from '../io.js';
import { contextOf } from './command-context.js';
import { loadBackup, type LoadOptions } from './load-backup.js';
import { saveBackup } from './save-backup.js';

interface FileOptions {
  readonly output?: string;
  readonly prefix?: string;
}

export function addBackupCommands(program: Command, io: Io): void {
  const output = ['-o, --output <path>', 'file to write; without it standard output'] as const;

  program
    .command('backup')
    .description('save all contexts while the store goes on serving')
    .option(...output)
    .action(async ({ output: path }: FileOptions, command: Command) => {
      await saveBackup(contextOf(command, io), path === undefined ? {} : { output: path });
    });

  program
    .command('export')
    .description('save some contexts in the format of a backup')
    .argument('[ids...]')
    .option('--prefix <text>', 'all ids that begin with this')
    .option(...output)
    .action(async (ids: string[], { prefix, output: path }: FileOptions, command: Command) => {
      if (ids.length > 0 === (prefix !== undefined)) {
        throw new UsageError('Name the contexts, or give --prefix. All of them: fastpaca backup.');
      }
      await saveBackup(contextOf(command, io), {
        ...(path === undefined ? {} : { output: path }),
        ...(prefix === undefined ? { ids } : { prefix }),
      });
    });

  for (const [name, description] of [
    ['restore', 'bring back what backup saved, into any store'],
    ['import', 'bring in what export or backup saved; what is there already stays'],
  ] as const) {
    program
      .command(name)
      .description(description)
      .argument('[file]', '- or none for standard input')
      .option('--overwrite', 'replace contexts that are there and differ')
      .action(async (file: string | undefined, options: LoadOptions, command: Command) => {
        await loadBackup(contextOf(command, io), file, options);
      });
  }
}
