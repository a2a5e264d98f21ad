export type {
  AppendOptions,
  AppendResult,
  CompactOptions,
  ContextPage,
  ContextStore,
  ListOptions,
  MessagePage,
  PageOptions,
  RangeOptions,
  ReadOptions,
  Readiness,
  TailOptions,
  WindowOptions,
} from './context-store.js';
export type { ContextSettings } from './context/context-settings.js';
export type { ContextStatus, ContextView, JsonObject, PolicyView } from './context/context-view.js';
export type { MessageInput, RawMessage } from './message/message-input.js';
export { StoreError } from './store-error.js';
export type { StoreErrorCode, StoreErrorDetails } from './store-error.js';
export type { AppendedMessage, StoreEvent, StoreObserver } from './store-events.js';
export type { ExplainView, SegmentView, WindowView } from './window/window-view.js';
