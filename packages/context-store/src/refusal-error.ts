import type { Command } from './command/command.js';
import { notFound } from './context/find-context.js';
import { maximumMetadataBytes } from './context/context-record.js';
import type { Refusal } from './state/change.js';
import { StoreError, versionConflict } from './store-error.js';

/** What a client is told when a committed command changed nothing. */
export function refusalError(command: Command, refusal: Refusal): Error {
  const { id } = command;
  switch (refusal.reason) {
    case 'not_found':
      return notFound(id);
    case 'is_tombstoned':
      return new StoreError(
        'context_tombstoned',
        `Context ${id} was deleted. Bring it back with PUT and "status": "active", or use another id.`,
      );
    case 'conflict':
      return versionConflict('ifVersion' in command ? (command.ifVersion ?? 0) : 0, refusal.currentVersion);
    case 'key_reused':
      return new StoreError(
        'idempotency_conflict',
        `The key ${JSON.stringify(refusal.key)} was used before with other content. Use a fresh key for new content.`,
      );
    case 'beyond_end':
      return new StoreError(
        'invalid_up_to_seq',
        `up_to_seq is beyond the last message, ${refusal.lastSeq}.`,
        {
          details: { field: 'up_to_seq' },
        },
      );
    case 'replaced_further':
      return new StoreError(
        'invalid_up_to_seq',
        `An earlier compaction already stands for the messages up to ${refusal.toSeq}: those after up_to_seq would be in no window. Read the window again and send at least ${refusal.toSeq}.`,
        { details: { field: 'up_to_seq' } },
      );
    case 'metadata_too_large':
      return new StoreError('invalid_metadata', `metadata must have at most ${maximumMetadataBytes} bytes.`, {
        details: { field: 'metadata' },
      });
    case 'import_exists':
      return new Error(`Context ${id} is there already.`);
    case 'import_superseded':
      return new Error(`Another import of ${id} began meanwhile, or it was erased.`);
    case 'import_invalid':
      return new StoreError('invalid_backup', `Context ${id} cannot be imported: ${refusal.detail}`);
    case 'unsupported':
      return new StoreError(
        'unsupported_command',
        `This node does not know commands of version ${refusal.version} and type ${refusal.type}. Upgrade it.`,
      );
    case 'malformed':
      return new Error(`The store proposed a command that it cannot read: ${refusal.detail}`);
  }
}
