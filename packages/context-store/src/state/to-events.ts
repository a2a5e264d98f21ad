import { needsCompaction, usedTokens } from '@fastpaca/token-budget';

import { messageJson } from '../message/message-json.js';
import type { StoreEvent } from '../store-events.js';
import type { ContextWrite } from './change.js';

/** What subscribers are told of a write. */
export function toEvents({ id: contextId, context, changes }: ContextWrite): readonly StoreEvent[] {
  const events: StoreEvent[] = [];
  let windowVersion: number | null = null;
  for (const change of changes) {
    const { version } = change;
    switch (change.type) {
      case 'appended':
        for (const { seq, body } of change.messages) {
          events.push({ type: 'message', contextId, version, seq, message: messageJson(seq, body) });
        }
        windowVersion = version;
        break;
      case 'compacted':
      case 'replaced':
        events.push({ type: 'compaction', contextId, version, range: change.range });
        windowVersion = version;
        break;
      case 'settings':
        windowVersion = version;
        break;
      case 'tombstoned':
        events.push({ type: 'tombstoned', contextId, version });
        break;
      case 'erased':
        events.push({ type: 'reset', contextId, version });
        break;
    }
  }
  if (windowVersion !== null && context !== null) {
    const { record, profile } = context;
    events.push({
      type: 'context',
      contextId,
      version: windowVersion,
      needsCompaction: needsCompaction(record.window, profile.tokenBudget, profile.triggerRatio),
      usedTokens: usedTokens(record.window),
    });
  }
  return events;
}
