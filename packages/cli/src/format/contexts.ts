import type { ContextInfo } from '@fastpaca/fastpaca';
import { pairs, table } from './table.js';

export const contextsTable = (contexts: readonly ContextInfo[]): string =>
  table(
    ['ID', 'STATUS', 'VERSION', 'MESSAGES', 'TOKENS', 'BUDGET', 'UPDATED'],
    contexts.map((context) => [
      context.id,
      context.status,
      context.version,
      context.lastSeq,
      `${context.usedTokens}${context.needsCompaction ? '!' : ''}`,
      context.tokenBudget,
      context.updatedAt,
    ]),
  );

export const contextText = (context: ContextInfo): string =>
  pairs([
    ['id', context.id],
    ['status', context.status],
    ['version', context.version],
    ['messages', context.lastSeq],
    ['archived', context.archivedSeq],
    [
      'tokens',
      `${context.usedTokens} of ${context.tokenBudget}${context.needsCompaction ? ', needs compaction' : ''}`,
    ],
    [
      'policy',
      `${context.policy.strategy} ${JSON.stringify(context.policy.config)}, from ${context.triggerRatio} on`,
    ],
    ['metadata', JSON.stringify(context.metadata)],
    ['created', context.createdAt],
    ['updated', context.updatedAt],
  ]);
