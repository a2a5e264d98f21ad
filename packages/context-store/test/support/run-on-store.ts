import { StoreError, type ContextStore } from '../../src/index.js';
import type { Action } from './actions.js';

/** Runs a history over the API, as clients would; what is refused is refused. */
export async function runOnStore(store: ContextStore, actions: readonly Action[]): Promise<void> {
  for (const action of actions) {
    try {
      await run(store, action);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
}

async function run(store: ContextStore, action: Action): Promise<void> {
  switch (action.type) {
    case 'put':
      await store.put(action.id, action.settings);
      break;
    case 'patch':
      await store.patchMetadata(action.id, action.patch);
      break;
    case 'tombstone':
      await store.tombstone(action.id);
      break;
    case 'erase':
      await store.erase(action.id);
      break;
    case 'append':
      await store.append(
        action.id,
        action.messages,
        action.key === undefined ? {} : { idempotencyKey: action.key },
      );
      break;
    case 'compact':
      await store.compact(action.id, action.messages);
      break;
    // What only concerns memory, restarts, and the archive.
    case 'archive':
    case 'forget':
    case 'restart':
    case 'crash':
      break;
  }
}
