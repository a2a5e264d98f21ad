import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GroupId } from '@fastpaca/raft-core';
import { auditDb } from '../audit/audit.js';
import { damagedAdvice, LogStorageError } from '../errors.js';
import type { Fence } from '../fence/fence-codec.js';
import { FenceFile, readFence } from '../fence/fence-file.js';
import { decodePurge } from '../key-space/purge.js';
import type { Purge } from '../key-space/purge.js';
import { decodeSpace } from '../key-space/space-record.js';
import type { SpaceRecord } from '../key-space/space-record.js';
import { batchKey, groupOf, headerKey, purgeKeys, spaceKeys } from '../layout/keys.js';
import { createDb } from './db.js';
import type { Db } from './db.js';
import type { LogStoreOptions } from './options.js';
import { describeHolder, removePid, writePid } from './pid-file.js';
import { decodeBatchSeq, decodeHeader, encodeBatchSeq, encodeHeader, formatVersion } from './store-header.js';
import { syncDirectory } from './sync-directory.js';

const defaultWriteBuffer = 16 << 20;
const defaultCache = 32 << 20;

/** A directory that is ours, with everything but the groups read. */
export interface OpenedStore {
  readonly db: Db;
  readonly fencePath: string;
  readonly fence: Fence;
  /** The last durable batch. */
  readonly seq: number;
  readonly spaces: ReadonlyMap<GroupId, SpaceRecord>;
  readonly purges: readonly Purge[];
  /** What is left to do when the database is closed. */
  readonly release: () => Promise<void>;
}

interface Paths {
  readonly directory: string;
  readonly db: string;
  readonly fence: string;
  readonly pid: string;
}

/** Opens or creates the store in a directory: `db/` is the LevelDB, `fence` and `pid` lie beside it. */
export async function openStore(directory: string, options: LogStoreOptions): Promise<OpenedStore> {
  const paths = {
    directory,
    db: join(directory, 'db'),
    fence: join(directory, 'fence'),
    pid: join(directory, 'pid'),
  };
  try {
    await mkdir(paths.db, { recursive: true });
    const exists = await checkFiles(paths);
    const db = createDb(paths.db, {
      writeBufferBytes: options.writeBufferBytes ?? defaultWriteBuffer,
      cacheBytes: options.cacheBytes ?? defaultCache,
    });
    await openDb(db, paths, !exists);
    try {
      return await readStore(db, paths);
    } catch (error) {
      await db.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof LogStorageError) throw error;
    throw new LogStorageError(
      'store_failed',
      `The store in ${directory} cannot be opened: ${reasonOf(error).message ?? String(error)}. This process must be able to write there.`,
      error,
    );
  }
}

function damagedStore(paths: Paths, what: string, cause?: unknown): LogStorageError {
  return new LogStorageError(
    'store_damaged',
    `The store in ${paths.directory} is damaged: ${what}. It is not served. ` +
      damagedAdvice(paths.directory),
    cause,
  );
}

/**
 * Everything that can be known without opening LevelDB, since opening changes its files. Resolves to
 * whether there is a database.
 */
async function checkFiles(paths: Paths): Promise<boolean> {
  const fence = await readFence(paths.fence, formatVersion);
  const files = await readdir(paths.db);
  if (!files.includes('CURRENT')) {
    const left = files.find((name) => /\.(ldb|sst)$|^MANIFEST-/.test(name));
    if (fence !== null && fence.seq > 0)
      throw damagedStore(paths, `LevelDB's files are gone from ${paths.db}`);
    if (left !== undefined && fence === null)
      throw damagedStore(paths, `${paths.db} holds ${left} but no CURRENT`);
    return false;
  }
  await probeLock(paths);
  let what = await findDamage(paths);
  if (what !== null) {
    // Another process may have opened the store since, and its writes look like damage from here.
    await probeLock(paths);
    what = await findDamage(paths);
  }
  if (what !== null) throw damagedStore(paths, what);
  return true;
}

async function findDamage(paths: Paths): Promise<string | null> {
  const audit = await auditDb(paths.db);
  if (audit.kind === 'damaged') return audit.what;
  const fence = await readFence(paths.fence, formatVersion);
  return fence !== null && audit.lastBatch !== null ? lostTail(fence, audit.lastBatch) : null;
}

function lostTail(fence: Fence, seq: number): string | null {
  if (seq >= fence.seq) return null;
  return `LevelDB lost its tail: its last batch is ${seq}, but batch ${fence.seq} was durable (the fence file says so)`;
}

/** LevelDB locks, then refuses with "exists", and has changed nothing but its LOG. */
async function probeLock(paths: Paths): Promise<void> {
  const probe = createDb(paths.db, { writeBufferBytes: 1 << 20, cacheBytes: 1 << 20 });
  try {
    await probe.open({ createIfMissing: false, errorIfExists: true });
  } catch (error) {
    if (reasonOf(error).code === 'LEVEL_LOCKED') throw await lockedStore(paths, error);
  } finally {
    await probe.close();
  }
}

async function lockedStore(paths: Paths, cause: unknown): Promise<LogStorageError> {
  const holder = await describeHolder(paths.pid);
  return new LogStorageError(
    'store_locked',
    `The store in ${paths.directory} is in use${holder}. Stop that process, or choose another directory.`,
    cause,
  );
}

async function openDb(db: Db, paths: Paths, createIfMissing: boolean): Promise<void> {
  try {
    await db.open({ createIfMissing });
  } catch (error) {
    const { code, message } = reasonOf(error);
    if (code === 'LEVEL_LOCKED') throw await lockedStore(paths, error);
    if (code === 'LEVEL_CORRUPTION') throw damagedStore(paths, `LevelDB says "${message ?? ''}"`, error);
    throw error;
  }
}

interface LevelError {
  readonly code?: string;
  readonly message?: string;
  readonly cause?: LevelError;
}

/** classic-level wraps what LevelDB says: LEVEL_DATABASE_NOT_OPEN, with the reason as the cause. */
function reasonOf(error: unknown): LevelError {
  const { cause } = error as LevelError;
  return cause ?? (error as LevelError);
}

async function readStore(db: Db, paths: Paths): Promise<OpenedStore> {
  // Read again under the lock: the first look may have met another process at work.
  const known = await readFence(paths.fence, formatVersion);
  const header = await db.get(headerKey);
  const fence =
    header === undefined ? await createStore(db, paths, known) : checkHeader(header, paths, known);
  const seq = decodeBatchSeq((await db.get(batchKey)) ?? new Uint8Array(0));
  if (seq === null) throw damagedStore(paths, 'the sequence of its last batch is unreadable');
  const lost = lostTail(fence, seq);
  if (lost !== null) throw damagedStore(paths, lost);
  const spaces = await readSpaces(db, paths);
  const purges = await readPurges(db, paths);
  await writePid(paths.pid);
  return { db, fencePath: paths.fence, fence, seq, spaces, purges, release: () => removePid(paths.pid) };
}

function checkHeader(value: Uint8Array, paths: Paths, fence: Fence | null): Fence {
  const header = decodeHeader(value);
  if (header === null) throw damagedStore(paths, 'its header does not match its checksum');
  if (header.version !== formatVersion)
    throw new LogStorageError(
      'store_version',
      `${paths.directory} was written in format ${header.version}; this version reads format ${formatVersion} only. ` +
        `Start the version that wrote it.`,
    );
  if (fence === null)
    throw damagedStore(
      paths,
      `the fence file ${paths.fence} is missing, so that nobody can say what was durable`,
    );
  if (fence.storeId !== header.storeId)
    throw damagedStore(paths, `the fence file ${paths.fence} belongs to another store`);
  return fence;
}

/** The fence comes first: a database with a header and without a fence is damaged, not new. */
async function createStore(db: Db, paths: Paths, known: Fence | null): Promise<Fence> {
  const [anything] = await db.keys({ limit: 1 }).all();
  if (anything !== undefined || (known !== null && known.seq > 0))
    throw damagedStore(paths, 'its header is missing');
  const fence = known ?? { storeId: randomBytes(16).toString('hex'), seq: 0, groups: new Map() };
  if (known === null) {
    const path = paths.fence;
    const options = { path, version: formatVersion, storeId: fence.storeId, onError: () => undefined };
    await (await FenceFile.create(options, 0, [])).close(false);
  }
  await db
    .batch()
    .put(batchKey, encodeBatchSeq(1))
    .put(headerKey, encodeHeader({ version: formatVersion, storeId: fence.storeId }))
    .write({ sync: true });
  await syncDirectory(paths.db);
  await syncDirectory(paths.directory);
  return fence;
}

async function readSpaces(db: Db, paths: Paths): Promise<Map<GroupId, SpaceRecord>> {
  const spaces = new Map<GroupId, SpaceRecord>();
  for (const [key, value] of await db.iterator(spaceKeys).all()) {
    const record = decodeSpace(key, value);
    if (record === null)
      throw damagedStore(paths, `the key space record of group ${groupOf(key)} is unreadable`);
    spaces.set(groupOf(key) as GroupId, record);
  }
  return spaces;
}

async function readPurges(db: Db, paths: Paths): Promise<Purge[]> {
  const purges: Purge[] = [];
  for (const [key, value] of await db.iterator(purgeKeys).all()) {
    const purge = decodePurge(key, value);
    if (purge === null)
      throw damagedStore(paths, `a record of a deleted range of group ${groupOf(key)} is unreadable`);
    purges.push(purge);
  }
  return purges;
}
