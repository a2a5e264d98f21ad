export { groupId, logIndex, nodeId, term } from './ids.js';
export type { Brand, GroupId, LogIndex, NodeId, Term } from './ids.js';
export { RaftError } from './errors.js';
export type { RaftErrorCode } from './errors.js';
export { createRandom } from './random.js';
export type { Random } from './random.js';
export type { ConfState, Entry, EntryType, HardState, TermRun } from './log/entry.js';
export type { GroupMeta, GroupWrite, RaftStorage, StoredGroup } from './storage/storage.js';
export type {
  CommittedEntry,
  SnapshotMeta,
  SnapshotSource,
  StateMachine,
} from './state-machine/state-machine.js';
export type {
  Append,
  AppendOutcome,
  AppendResponse,
  CommitNotice,
  Heartbeat,
  HeartbeatResponse,
  Message,
  MessageBase,
  ReadRequest,
  ReadResponse,
  SnapshotChunk,
  SnapshotPosition,
  SnapshotResponse,
  TimeoutNow,
  VoteRequest,
  VoteResponse,
} from './message/message.js';
export { noTransport } from './transport/transport.js';
export type { Lane, Transport, TransportHandler } from './transport/transport.js';
export { defaultLimits, defaultTiming } from './group/options.js';
export type { GroupLimits, GroupOptions, GroupTiming } from './group/options.js';
export type {
  EntryRead,
  Persist,
  PersistToken,
  ProposeRejection,
  ProposeResult,
  ReadState,
  Ready,
  SnapshotCommand,
} from './group/ready.js';
export { systemClock } from './host/clock.js';
export type { Clock } from './host/clock.js';
export type { CompactionOptions, HostLimits, RaftHostOptions, StagedFlushOptions } from './host/options.js';
export type { HostObserver } from './host/observer.js';
export type {
  MembershipOutcome,
  ProposeOutcome,
  ReadOutcome,
  RejectReason,
  TransferOutcome,
} from './host/outcome.js';
export type { GroupStatus, Health, PeerStatus, Role } from './host/status.js';
export { Group } from './group/group.js';
export type { GroupStart } from './group/state.js';
export type { ChunkToSend } from './group/snapshot-send.js';
export type { TransferStart } from './group/transfer.js';
export type { ConfChange, MemberChange } from './membership/conf-change.js';
export { changeConf } from './membership/conf-change.js';
export { initialConf } from './membership/conf-state.js';
export { RaftHost } from './host/raft-host.js';
export type { NewGroup, WaitOptions } from './host/raft-host.js';
export { defaultCompaction, defaultHostLimits, defaultStagedFlush } from './host/defaults.js';
export { decodeFrame, encodeFrame, FRAME_VERSION } from './message/frame.js';
export type { Frame, FrameLimits } from './message/frame.js';
