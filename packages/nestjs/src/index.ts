export { traceRequests } from './tracing/trace-requests.js';
export { ApiKeys } from './auth/api-keys.js';
export { JsonBody } from './body/json-body.js';
export { ContextStoreModule } from './context-store.module.js';
export type {
  ContextStoreModuleExtras,
  ContextStoreModuleOptions,
} from './context-store.module-definition.js';
export { ApiError } from './errors/api-error.js';
export type { ApiErrorDetails } from './errors/api-error.js';
export { errorReply } from './errors/error-answer.js';
export type { ErrorReply } from './errors/error-answer.js';
export { ErrorFilter } from './errors/error-filter.js';
export { ContextStoreAdapter } from './http/context-store-adapter.js';
export type { AdapterOptions } from './http/context-store-adapter.js';
export { limitRate } from './http/rate-limit.js';
export { Metrics } from './metrics/metrics.js';
export { openApiDocument, serveOpenApi } from './openapi/openapi-document.js';
export { CONTEXT_STORE } from './tokens.js';
export { refuseUpgrade } from './upgrade/refuse-upgrade.js';
export { UpgradeRouter } from './upgrade/upgrade-router.js';
export type { PathMatcher, UpgradeHandler } from './upgrade/upgrade-router.js';
export { serveStreams } from './stream/serve-streams.js';
export type { StreamClock } from './stream/stream-clock.js';
export type { StreamSettings } from './stream/streams.js';
