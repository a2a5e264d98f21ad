export { backupQuery, importAnswer, importQuery } from './backup/admin.js';
export type { BackupQuery, ImportAnswer, ImportQuery } from './backup/admin.js';
export { backupContentType, backupFormat, backupLine, backupVersion } from './backup/backup-lines.js';
export type {
  BackupChangesLine,
  BackupContextEndLine,
  BackupContextLine,
  BackupEndLine,
  BackupGoneLine,
  BackupHeaderLine,
  BackupKeysLine,
  BackupLine,
  BackupMessageLine,
} from './backup/backup-lines.js';
export { clusterAnswer } from './cluster.js';
export type { ClusterAnswer } from './cluster.js';
export { contextId, isContextId } from './context-id.js';
export {
  contextAnswer,
  contextStatuses,
  deleteContextQuery,
  listContextsAnswer,
  listContextsQuery,
  patchMetadataBody,
  putContextBody,
} from './context.js';
export type {
  ContextAnswer,
  DeleteContextQuery,
  ListContextsAnswer,
  ListContextsQuery,
  PatchMetadataBody,
  PutContextBody,
} from './context.js';
export { errorAnswer, errorCodes } from './error-codes.js';
export type { ErrorAnswer, ErrorCode } from './error-codes.js';
export { healthAnswer, startingAnswer } from './health.js';
export type { HealthAnswer, StartingAnswer } from './health.js';
export { fieldIssue } from './issue.js';
export type { FieldIssue } from './issue.js';
export { isJsonObject, jsonObject } from './json-object.js';
export type { JsonObject } from './json-object.js';
export {
  appendAnswer,
  appendBody,
  compactAnswer,
  compactBody,
  limits,
  messageAnswer,
  messageBody,
  messagesAnswer,
  messagesQuery,
  tailAnswer,
  tailQuery,
} from './message.js';
export type {
  AppendAnswer,
  AppendBody,
  CompactAnswer,
  CompactBody,
  MessageAnswer,
  MessageBody,
  MessagesAnswer,
  MessagesQuery,
  Part,
  TailAnswer,
  TailQuery,
} from './message.js';
export { clusterErrors, commonErrors, operations } from './operations.js';
export type { Answer, Operation, OperationName } from './operations.js';
export { policy, strategies } from './policy.js';
export type { Policy, Strategy } from './policy.js';
export { explainedMessage, segment, windowAnswer, windowQuery } from './window.js';
export type { ExplainedMessage, Segment, WindowAnswer, WindowQuery } from './window.js';
export { closeCodes } from './stream/close-codes.js';
export type { CloseReason } from './stream/close-codes.js';
export {
  compactionFrame,
  contextFrame,
  gapFrame,
  messageFrame,
  pingFrame,
  pongFrame,
  resetFrame,
  streamFrame,
  tombstonedFrame,
} from './stream/frames.js';
export type {
  CompactionFrame,
  ContextFrame,
  GapFrame,
  MessageFrame,
  PingFrame,
  PongFrame,
  ResetFrame,
  StreamFrame,
  TombstonedFrame,
} from './stream/frames.js';
export { streamQuery } from './stream/stream-query.js';
export type { StreamQuery } from './stream/stream-query.js';
