import type { ContextAnswer, Policy, PutContextBody } from '@fastpaca/protocol';

export type Metadata = Readonly<Record<string, unknown>>;

/** Settings of a context. What is left out keeps its value, or its default when the context is created. */
export interface ContextSettings {
  /** Ceiling of the window, in tokens. Default 8,000. */
  readonly budget?: number | undefined;
  /** Share of the budget at which compaction starts: 0 < trigger ≤ 1. Default 0.7. */
  readonly trigger?: number | undefined;
  /** How the window is kept within the budget. Default `last_n` with a limit of 200. */
  readonly policy?: ContextPolicy | undefined;
  readonly metadata?: Metadata | undefined;
  /** Brings a deleted (tombstoned) context back. */
  readonly reactivate?: boolean | undefined;
}

export type ContextPolicy =
  | { readonly strategy: 'last_n'; readonly config?: { readonly limit?: number } }
  | {
      readonly strategy: 'skip_parts';
      readonly config?: {
        /** `tool`, `reasoning`, `file`, `source`, `data`, or an exact part type. Default tools and reasoning. */
        readonly skip_kinds?: readonly string[];
        readonly limit?: number;
        readonly keep_last?: number;
      };
    }
  | { readonly strategy: 'manual'; readonly config?: Readonly<Record<string, never>> };

/** A context as the store knows it. */
export interface ContextInfo {
  readonly id: string;
  readonly status: 'active' | 'tombstoned';
  readonly tokenBudget: number;
  readonly triggerRatio: number;
  readonly policy: Policy;
  readonly metadata: Metadata;
  /** +1 for every append call and every compaction. */
  readonly version: number;
  /** Position of the newest message; 0 while there is none. */
  readonly lastSeq: number;
  readonly archivedSeq: number;
  readonly usedTokens: number;
  readonly needsCompaction: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export function toContextInfo(answer: ContextAnswer): ContextInfo {
  return {
    id: answer.id,
    status: answer.status,
    tokenBudget: answer.token_budget,
    triggerRatio: answer.trigger_ratio,
    policy: answer.policy,
    metadata: answer.metadata,
    version: answer.version,
    lastSeq: answer.last_seq,
    archivedSeq: answer.archived_seq,
    usedTokens: answer.used_tokens,
    needsCompaction: answer.needs_compaction,
    createdAt: answer.created_at,
    updatedAt: answer.updated_at,
  };
}

export function toPutBody(settings: ContextSettings): PutContextBody {
  const { budget, trigger, policy, metadata, reactivate } = settings;
  return {
    ...(budget === undefined ? {} : { token_budget: budget }),
    ...(trigger === undefined ? {} : { trigger_ratio: trigger }),
    ...(policy === undefined ? {} : { policy: { strategy: policy.strategy, config: policy.config ?? {} } }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(reactivate === true ? { status: 'active' } : {}),
  };
}
