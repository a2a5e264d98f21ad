import type { Client } from '@fastpaca/fastpaca';
import type { Command } from 'commander';
import { connect, type ConnectionOptions } from '../connection.js';
import type { Io } from '../io.js';
import { Output } from '../output/output.js';

/** What every command works with. */
export interface CommandContext {
  readonly client: Client;
  readonly output: Output;
  readonly io: Io;
  readonly signal: AbortSignal;
}

interface GlobalOptions extends ConnectionOptions {
  readonly json?: boolean;
}

/** From the options of the command and of `fastpaca` itself: they may stand on either side of its name. */
export function contextOf(command: Command, io: Io): CommandContext {
  const options = command.optsWithGlobals<GlobalOptions>();
  const output = new Output(io, options.json === true);
  return { client: connect(options, io), output, io, signal: io.signal };
}
