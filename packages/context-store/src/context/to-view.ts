import { needsCompaction, usedTokens } from '@fastpaca/token-budget';

import type { ContextId } from './context-id.js';
import type { StoredContext } from './context-record.js';
import type { ContextView } from './context-view.js';

export function toView(id: ContextId, { record, profile }: StoredContext): ContextView {
  return {
    id,
    status: record.status,
    token_budget: profile.tokenBudget,
    trigger_ratio: profile.triggerRatio,
    policy: profile.policy,
    metadata: profile.metadata,
    version: record.version,
    last_seq: record.lastSeq,
    archived_seq: record.archivedSeq,
    used_tokens: usedTokens(record.window),
    needs_compaction: needsCompaction(record.window, profile.tokenBudget, profile.triggerRatio),
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
  };
}
