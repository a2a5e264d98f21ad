import { MalformedError } from '../codec/byte-reader.js';
import { openStored, type OpenedMessage } from '../message/stored-message.js';

/** A command says what no state can follow. It becomes a result; see transition.ts. */
export class InvalidCommand extends Error {
  override readonly name = 'InvalidCommand';
}

/** A message of a command, opened. What is wrong with it is the command's fault, not the state's. */
export function openFromCommand(stored: Uint8Array): OpenedMessage {
  try {
    return openStored(stored);
  } catch (error) {
    if (error instanceof MalformedError) throw new InvalidCommand(error.message, { cause: error });
    throw error;
  }
}

/**
 * A step of the window's rules. They take every window that they made; one that a backup brought may
 * have other sums than its messages, which is deterministic, and must not stop the group.
 */
export function windowStep<R>(step: () => R): R {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InvalidCommand(`The window does not fit to its messages: ${error.message}`, { cause: error });
  }
}
