import type { Command } from '../command/command.js';
import type { CommandResult } from '../state/change.js';

/**
 * What happens where a command goes into the log a second time, after a try whose outcome is not known:
 * - `deduplicated`: the state recognises it, and gives the first answer again. Whatever it answers is true.
 * - `conditional`: its `if_version` lets it happen once at most. A success is true; a refusal is not, since
 *   the first try may be what moved the version.
 * - `overwriting`: it sets again what it set. It must not come after a write that was answered later, so
 *   it is repeated only in a later term: what a leader of an earlier term still has in its hands can
 *   then no longer be committed.
 * - `duplicating`: it would happen twice.
 */
export type Repetition = 'deduplicated' | 'conditional' | 'overwriting' | 'duplicating';

export function repetitionOf(command: Command): Repetition {
  switch (command.type) {
    case 'append': {
      const known = command.call !== null || command.messages.every(({ identity }) => identity !== null);
      if (known) return 'deduplicated';
      return command.ifVersion === null ? 'duplicating' : 'conditional';
    }
    case 'compact':
      return command.ifVersion === null ? 'duplicating' : 'conditional';
    case 'put':
    case 'patch_metadata':
    case 'tombstone':
    case 'erase':
    case 'import':
      return 'overwriting';
    case 'erasure_done':
      return 'deduplicated';
  }
}

/**
 * What a result says where an earlier try of the same call may have been committed: the result to answer
 * with, or null where it does not tell whether the call happened.
 */
export function resultInDoubt(command: Command, result: CommandResult): CommandResult | null {
  if (result.kind !== 'refused') return result;
  switch (repetitionOf(command)) {
    case 'deduplicated':
      return result;
    case 'conditional':
    case 'duplicating':
      return null;
    case 'overwriting': {
      const gone = command.type === 'erase' && result.refusal.reason === 'not_found';
      return gone ? { kind: 'erased' } : null;
    }
  }
}
