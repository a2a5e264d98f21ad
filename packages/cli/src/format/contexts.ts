import type { ContextInfo } from '@fastpaca/fastpaca';
import { printable } from './messages.js';
import { pairs, table } from './table.js';

/** JSON escapes what is a control character in ASCII, and leaves those of Latin-1 alone. */
const jsonText = (value: unknown): string => printable(JSON.stringify(value));

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
      `${context.policy.strategy} ${jsonText(context.policy.config)}, from ${context.triggerRatio} on`,
    ],
    ['metadata', jsonText(context.metadata)],
    ['created', context.createdAt],
    ['updated', context.updatedAt],
  ]);
