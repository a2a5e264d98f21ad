import type { Command } from '../command/command.js';
import type { CommandResult } from '../state/change.js';
import type { StoreErrorCode } from '../store-error.js';
import type { BackupSource } from './backup-source.js';
import { patiently } from './patience.js';

/** What an import needs of the store. */
export interface ImportTarget {
  /** What is there already. */
  readonly source: BackupSource;
  /** @throws StoreError as `ContextStore.append` */
  propose(command: Command): Promise<CommandResult>;
  /** Milliseconds since 1970. */
  now(): number;
}

const transient: ReadonlySet<StoreErrorCode> = new Set(['unavailable', 'overloaded', 'outcome_unknown']);

/**
 * Proposes a command of an import until it has a result: repeating one changes nothing.
 *
 * @returns the result, and whether an earlier try may have been the one that had the effect
 */
export async function proposeUntilDone(
  target: ImportTarget,
  command: Command,
): Promise<{ readonly result: CommandResult; readonly repeated: boolean }> {
  let repeated = false;
  const result = await patiently(
    () => target.propose(command),
    transient,
    ({ code }) => {
      repeated ||= code === 'outcome_unknown';
    },
  );
  return { result, repeated };
}
