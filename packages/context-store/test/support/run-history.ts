import { patchCommand, putCommand } from '../../src/command/build-command.js';
import { contextId } from '../../src/context/context-id.js';
import type { Action } from './actions.js';
import type { GroupBench } from './group-bench.js';

const at = 5_000;

/** Runs the commands of a history; what only concerns memory and restarts is left out. */
export async function runHistory(bench: GroupBench, actions: readonly Action[]): Promise<void> {
  for (const action of actions) {
    switch (action.type) {
      case 'put':
        await bench.run(putCommand(contextId(action.id), at, action.settings));
        break;
      case 'patch':
        await bench.run(patchCommand(contextId(action.id), at, action.patch));
        break;
      case 'tombstone':
      case 'erase':
        await bench.run({ type: action.type, id: contextId(action.id), at });
        break;
      case 'append':
        await bench.append(action.id, action.messages, {
          at,
          ...(action.key === undefined ? {} : { idempotencyKey: action.key }),
        });
        break;
      case 'compact':
        await bench.compact(action.id, action.messages, { at });
        break;
      case 'archive':
        await bench.archiveUpTo(action.id, action);
        break;
      case 'forget':
      case 'restart':
      case 'crash':
        break;
    }
  }
}
