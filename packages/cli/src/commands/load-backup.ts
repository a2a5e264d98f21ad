import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ImportReport } from '@fastpaca/fastpaca';
import { exitCodes, OutcomeError, UsageError } from '../exit-codes.js';
import { reportText } from '../format/report.js';
import { counted } from '../format/numbers.js';
import { BackupCheck } from '../input/backup-check.js';
import { progress } from '../output/progress.js';
import type { CommandContext } from './command-context.js';

export interface LoadOptions {
  readonly overwrite?: boolean;
}

/**
 * Imports a file, after it was read once to see that it is whole; or standard input, which the server
 * checks while it comes.
 */
export async function loadBackup(
  context: CommandContext,
  path: string | undefined,
  { overwrite }: LoadOptions,
): Promise<void> {
  const { output } = context;
  const report = await importFrom(context, path, overwrite);
  await output.show(report, () => reportText(report));
  if (report.conflictCount === 0) return;
  throw new OutcomeError(
    exitCodes.conflict,
    `${counted(report.conflictCount, 'context')} differed and stayed as it was. Replace with --overwrite.`,
  );
}

async function importFrom(
  context: CommandContext,
  path: string | undefined,
  overwrite: boolean | undefined,
): Promise<ImportReport> {
  const { client, io, signal } = context;
  if (path === undefined || path === '-') {
    if (io.stdin.isTTY === true) throw new UsageError('Name the file, or send it through a pipe.');
    return sending(context, io.stdin, null, (body) => client.admin.import(body, { overwrite, signal }));
  }
  const bytes = await sizeOf(path);
  await checkFile(context, path, bytes);
  return sending(context, createReadStream(path), bytes, (body) =>
    client.admin.import(body, { overwrite, signal }),
  );
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
    );
  }
}

async function checkFile({ io, signal }: CommandContext, path: string, bytes: number): Promise<void> {
  const check = new BackupCheck();
  const bar = progress(io, 'check ', bytes);
  try {
    for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Uint8Array>) {
      check.update(chunk);
      bar.add(chunk.length);
    }
  } finally {
    bar.stop();
  }
  check.end();
}

async function sending(
  { io }: CommandContext,
  source: AsyncIterable<Uint8Array>,
  bytes: number | null,
  send: (body: ReadableStream<Uint8Array>) => Promise<ImportReport>,
): Promise<ImportReport> {
  const bar = progress(io, 'import', bytes);
  async function* watched(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      bar.add(chunk.length);
      yield chunk;
    }
  }
  try {
    return await send(ReadableStream.from(watched()));
  } finally {
    bar.stop();
  }
}
