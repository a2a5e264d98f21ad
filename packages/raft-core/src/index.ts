export { groupId, logIndex, nodeId, term } from './ids.js';
export type { Brand, GroupId, LogIndex, NodeId, Term } from './ids.js';
export type { ConfState, Entry, EntryType, HardState, TermRun } from './log/entry.js';
export type { GroupMeta, GroupWrite, RaftStorage, StoredGroup } from './storage/storage.js';
export type {
  CommittedEntry,
  SnapshotMeta,
  SnapshotSource,
  StateMachine,
} from './state-machine/state-machine.js';
