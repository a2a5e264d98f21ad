import { exitCodes } from './exit-codes.js';
import { Interruption, run } from './run.js';

/** The command line as a process: its arguments, signals, streams and exit code. */
export async function main(): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  const controller = new AbortController();

  process.on('SIGINT', () => {
    // The second time, or where something does not let go: at once.
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new Interruption(exitCodes.interrupted));
    setTimeout(() => process.exit(exitCodes.interrupted), 1_000).unref();
  });

  // `| head` has seen enough: no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    controller.abort(new Interruption(exitCodes.ok));
  });

  const code = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: controller.signal });
  // A terminal that is still read from would keep the process.
  stdout.write('', () => process.exit(code));
}
