import { CommanderError } from 'commander';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.js';
import { failureJson, failureLine } from './format/failure.js';
import type { Io } from './io.js';
import { createProgram } from './program.js';

/** Why a command was aborted from outside. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

/**
 * Runs a command line, as the process `fastpaca` does.
 *
 * ```ts
 * import { run } from '@fastpaca/cli';
 *
 * const { stdin, stdout, stderr, env } = process;
 * const { signal } = new AbortController();
 * process.exitCode = await run(['list', '--json'], { stdin, stdout, stderr, env, signal });
 * ```
 *
 * @param args what follows the name of the command
 * @returns the exit code; what went wrong is one line on `stderr`
 */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    await createProgram(io).parseAsync([...args], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    const { reason } = io.signal as { readonly reason: unknown };
    if (reason instanceof Interruption) return reason.exitCode;
    // Commander has written it already: help, the version, or what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const line = args.includes('--json') ? failureJson(error) : `fastpaca: ${failureLine(error)}`;
    io.stderr.write(`${line}\n`);
    return exitCodeOf(error);
  }
}
