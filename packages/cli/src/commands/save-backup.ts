import { open, rename, rm } from 'node:fs/promises';
import { counted } from '../format/numbers.js';
import { BackupCheck, type BackupTotals } from '../input/backup-check.js';
import { progress } from '../output/progress.js';
import type { CommandContext } from './command-context.js';

export interface SaveOptions {
  readonly output?: string;
  readonly prefix?: string;
  readonly ids?: readonly string[];
}

/** A backup into a file, or to standard output. A file appears under its name only when it is whole. */
export async function saveBackup(
  context: CommandContext,
  { output: path, prefix, ids }: SaveOptions,
): Promise<void> {
  const { client, io, output, signal } = context;
  const backup = await client.admin.backup({ prefix, ids, signal });
  const check = new BackupCheck();
  const bar = progress(io, 'backup', null);
  const take = (chunk: Uint8Array): void => {
    check.update(chunk);
    bar.add(chunk.length);
  };
  try {
    if (path === undefined) {
      for await (const chunk of backup) {
        take(chunk);
        await output.bytes(chunk);
      }
      check.end();
      return;
    }
    const totals = await writeFile(path, backup, take, () => check.end(), signal);
    bar.stop();
    await output.show({ file: path, ...totals }, () => {
      const { contexts, messages } = totals;
      return `${path}: ${counted(contexts, 'context')}, ${counted(messages, 'message')}.`;
    });
  } finally {
    bar.stop();
  }
}

async function writeFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => void,
  check: () => BackupTotals,
  signal: AbortSignal,
): Promise<BackupTotals> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w');
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      take(chunk);
      // Not `write`, which may take a part of it and say so: where a disk gets full.
      await file.appendFile(chunk);
    }
    const totals = check();
    await file.sync();
    await file.close();
    await rename(partial, path);
    return totals;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}
