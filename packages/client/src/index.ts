export type { Admin, BackupOptions, ImportOptions, ImportReport } from './admin/admin.js';
export { createClient } from './client.js';
export type { Client } from './client.js';
export type { Cluster, ClusterNode, ClusterStatus } from './cluster/cluster.js';
export type {
  AppendManyOptions,
  AppendOptions,
  Appended,
  AppendedMany,
  AppendedMessage,
  CallOptions,
} from './context/append.js';
export { Context } from './context/context.js';
export type { CompactOptions, TailOptions, WindowOptions } from './context/context.js';
export type { ContextInfo, ContextPolicy, ContextSettings, Metadata } from './context/context-info.js';
export type { DeleteOptions } from './context/delete.js';
export type { HistoryOptions } from './context/history.js';
export type { ExplainedMessage, Segment, Window } from './context/window.js';
export type { ContextPage, Contexts, ListOptions } from './contexts/list.js';
export {
  BudgetError,
  ConflictError,
  ConnectionError,
  FastpacaError,
  IdempotencyConflictError,
  InvalidRequestError,
  NotFoundError,
  OutcomeUnknownError,
  RateLimitedError,
  TimeoutError,
  TombstonedError,
  UnauthorizedError,
  UnavailableError,
} from './errors/errors.js';
export type { ErrorDetails, LocalErrorCode } from './errors/errors.js';
export type { ClientOptions } from './http/http.js';
export type { RetryOptions } from './http/retry.js';
export type {
  Message,
  MessageInput,
  MessageShape,
  Part,
  StoredMessage,
  WindowMessage,
} from './message/message.js';
export type { StreamOptions } from './stream/stream.js';
export type {
  CompactionEvent,
  ContextEvent,
  GapEvent,
  MessageEvent,
  ResetEvent,
  StreamEvent,
  StreamNotice,
  TombstonedEvent,
} from './stream/stream-event.js';
export { autoCompact } from './compaction/auto-compact.js';
export type { AutoCompactOptions, Summarise, SummaryRequest } from './compaction/auto-compact.js';
export { toAnthropicMessages } from './formats/anthropic.js';
export type {
  AnthropicAssistantBlock,
  AnthropicConversation,
  AnthropicMessage,
  AnthropicUserBlock,
} from './formats/anthropic.js';
export { toOpenAIMessages } from './formats/openai.js';
export type { OpenAIMessage, OpenAIToolCall, OpenAIUserPart } from './formats/openai.js';
export { toUIMessages } from './formats/ui-messages.js';
