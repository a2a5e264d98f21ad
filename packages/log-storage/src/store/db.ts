import type { ChainedBatch, ClassicLevel, Iterator, Snapshot } from 'classic-level';
import { Level } from 'level';

/** On Node `Level` is ClassicLevel; its own types describe only what it shares with browsers. */
const LevelDb = Level as unknown as typeof ClassicLevel;

/** LevelDB with keys and values as bytes. */
export type Db = ClassicLevel<Uint8Array, Uint8Array>;
export type DbBatch = ChainedBatch<Db, Uint8Array, Uint8Array>;
export type DbIterator = Iterator<Db, Uint8Array, Uint8Array>;
export type DbSnapshot = Snapshot;

export interface DbOptions {
  /** Bytes that LevelDB gathers in memory and in its log before it writes a table. */
  readonly writeBufferBytes: number;
  /** Bytes of table blocks that LevelDB keeps in memory. */
  readonly cacheBytes: number;
}

export function createDb(directory: string, options: DbOptions): Db {
  return new LevelDb<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    writeBufferSize: options.writeBufferBytes,
    cacheSize: options.cacheBytes,
    maxFileSize: 8 << 20,
    maxOpenFiles: 500,
  });
}
