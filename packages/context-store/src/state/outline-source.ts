import type { ContextId } from '../context/context-id.js';
import type { StoredContext } from '../context/context-record.js';
import { openStored } from '../message/stored-message.js';
import type { OutlineSource } from '../window/load-window.js';
import type { StateReader } from './change.js';
import { replacementKey } from './keys.js';

/** The outlines of a context as the state has them. */
export function outlineSource(reader: StateReader, id: ContextId, context: StoredContext): OutlineSource {
  return {
    logged: reader.outlines(id, context.record.ordinal),
    replacement: (index) => {
      const stored = reader.get(replacementKey(context.record.ordinal, index));
      if (stored === undefined) throw new Error(`Context ${id} misses replacement message ${index}.`);
      return openStored(stored).outline;
    },
  };
}
