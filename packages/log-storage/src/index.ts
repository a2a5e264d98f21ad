export { LogStorageError } from './errors.js';
export type { LogStorageErrorCode } from './errors.js';
export type { KeyOp, KeyPair, KeyRange, LatePut } from './key-space/key-op.js';
export { KeySnapshot } from './key-space/key-snapshot.js';
export { KeySpace } from './key-space/key-space.js';
export { Restore } from './key-space/restore.js';
export { LogStore } from './store/log-store.js';
export type { LogStoreOptions, StagedDelay, WriteReport } from './store/options.js';
