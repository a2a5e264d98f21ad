export { ContextStore } from './context-store.js';
export type { AppendOptions, AppendResult, CompactOptions, WriteOptions } from './context-store.js';
export type { ContextStoreOptions } from './store-options.js';
export { NodeFile } from './cluster/node-file.js';
export type { ClusterControl, ControlOptions } from './cluster/cluster-control.js';
export type { ClusterOptions } from './cluster/cluster-options.js';
export type { ClusterOverview, NodeOverview } from './cluster/cluster-overview.js';
export type { ClusterView, NodeFact, NodeStanding } from './cluster/cluster-view.js';
export type { NodeRef } from './cluster/phase.js';
export type { BackupOptions } from './backup/write-backup.js';
export type { ImportOptions } from './backup/import-backup.js';
export type { ImportReport } from './backup/import-report.js';
export type { StoreArchive } from './archive/archive.js';
export type { ArchiveStatus, ContextFigure } from './archive/archive-figures.js';
export type { ArchiveObserver, ArchiveOptions } from './archive/archive-options.js';
export { StoreError } from './store-error.js';
export type { StoreErrorCode, StoreErrorDetails } from './store-error.js';
export { OpenError } from './open-error.js';
export type { OpenErrorCode } from './open-error.js';
export type { AppendedMessage, StoreObserver } from './store-events.js';
export type { WindowLoad } from './stream/change-entry.js';
export type {
  ChangesOptions,
  ChangesPage,
  StreamChange,
  StreamOptions,
  StreamPosition,
} from './stream/stream-change.js';
export type { Readiness, ReplicaStatus } from './replica/replica-status.js';

export { defaultSettings } from './context/context-settings.js';
export type { ContextSettings } from './context/context-settings.js';
export type { ContextStatus, ContextView, JsonObject, PolicyView } from './context/context-view.js';
export type { MessageInput, RawMessage } from './message/message-input.js';
export type { ContextPage, ListOptions } from './list/list-options.js';
export type {
  MessagePage,
  PageOptions,
  RangeOptions,
  ReadOptions,
  TailOptions,
} from './paging/page-options.js';
export type { WindowOptions } from './window/read-window.js';
export type { ExplainView, SegmentView, WindowView } from './window/window-view.js';

export { openPeerNetwork } from './peer/open-peer-network.js';
export { CLUSTER_PATH } from './peer/discovery/dial.js';
export { PeerError } from './peer/peer-error.js';
export type { PeerErrorCode } from './peer/peer-error.js';
export { PeerOptionsError } from './peer/options.js';
export type {
  PeerEvent,
  PeerLimits,
  PeerNetworkOptions,
  PeerOptionsErrorCode,
  PeerTiming,
  PeerTls,
} from './peer/options.js';
export type { PeerHandler, PeerMethod, PeerNetwork } from './peer/peer-network.js';
export type {
  AnnouncedState,
  DialledAddress,
  LaneTraffic,
  NetworkStatus,
  PeerRefusal,
  PeerRefusalCode,
  PeerStatus,
  PeerTraffic,
} from './peer/peer-status.js';
