import { InvalidCommand } from './invalid-command.js';
import { archived, erasureDone } from '../archive/archived-transition.js';
import { queueContexts } from '../archive/queue-contexts.js';
import type { LogCommand } from '../command/command.js';
import { decodeCommand } from '../command/command-codec.js';
import { append } from './append-transition.js';
import { refuse, type StateReader, type Transition } from './change.js';
import { compact } from './compact-transition.js';
import { importContext } from './import-transition.js';
import { erase, patchMetadata, put, tombstone } from './context-transition.js';

/**
 * What a committed entry does to a group. Pure: it reads through `reader` and returns the writes.
 * Total: any bytes give a result. An exception here would repeat on every replica and at every
 * restart, and take all contexts of the group with it; what throws nevertheless is damage of the
 * state itself, with which no replica may go on.
 */
export function transition(reader: StateReader, data: Uint8Array): Transition {
  const decoded = decodeCommand(data);
  if (decoded.kind === 'unsupported') {
    return refuse({ reason: 'unsupported', version: decoded.version, type: decoded.type });
  }
  if (decoded.kind === 'malformed') return refuse({ reason: 'malformed', detail: decoded.reason });
  try {
    const { command } = decoded;
    const done = run(reader, command);
    return done.writes === undefined
      ? done
      : { ...done, writes: queueContexts(reader, done.writes, command.at) };
  } catch (error) {
    if (error instanceof InvalidCommand) return refuse({ reason: 'malformed', detail: error.message });
    throw error;
  }
}

function run(reader: StateReader, command: LogCommand): Transition {
  switch (command.type) {
    case 'append':
      return append(reader, command);
    case 'compact':
      return compact(reader, command);
    case 'put':
      return put(reader, command);
    case 'patch_metadata':
      return patchMetadata(reader, command);
    case 'tombstone':
      return tombstone(reader, command);
    case 'erase':
      return erase(reader, command);
    case 'archived':
      return archived(reader, command);
    case 'erasure_done':
      return erasureDone(reader, command);
    case 'import':
      return importContext(reader, command);
  }
}
