import { open, readFile, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { damagedAdvice, LogStorageError } from '../errors.js';
import { syncDirectory } from '../store/sync-directory.js';
import { decodeFence, encodeFenceHeader, encodeFenceRecord } from './fence-codec.js';
import type { Fence, FenceLine } from './fence-codec.js';
import { FenceLines } from './fence-lines.js';

/** Time between two records: what a fence may lag behind after the death of the process. */
const recordIntervalMs = 20;
/** Time between two syncs: what it may lag behind after a power cut. */
const syncIntervalMs = 1000;
const rewriteBytes = 1 << 20;

/** Reads the fence of a store; null where there is no file. */
export async function readFence(path: string, version: number): Promise<Fence | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new LogStorageError('store_failed', `The fence file ${path} cannot be read.`, error);
  }
  const read = decodeFence(bytes, version);
  switch (read.kind) {
    case 'fence':
      return read.fence;
    case 'version':
      throw new LogStorageError(
        'store_version',
        `${dirname(path)} was written in format ${read.version}; this version reads format ${version} only. ` +
          `Start the version that wrote it.`,
      );
    case 'damaged':
      throw new LogStorageError(
        'store_damaged',
        `The header of the fence file ${path} is damaged. ${damagedAdvice(dirname(path))}`,
      );
  }
}

export interface FenceOptions {
  readonly path: string;
  readonly version: number;
  readonly storeId: string;
  readonly onError: (error: unknown) => void;
}

/**
 * A lower bound of what is durable, beside LevelDB and independent of it. When LevelDB loses the end
 * of its log, entries and the records of them vanish together and nothing inside shows it
 * (raft-wal's README states the same blind spot for its tail file).
 *
 * It must never be ahead of what is durable, so a record follows its batch; it may be behind, so
 * nobody waits for it.
 */
export class FenceFile {
  readonly #options: FenceOptions;
  /** A record has what changed; a rewrite begins with all. */
  readonly #lines = new FenceLines();
  #seq: number;
  #writtenSeq: number;
  #file: FileHandle;
  #bytes = 0;
  #syncedAt = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #closed = false;

  private constructor(options: FenceOptions, file: FileHandle, seq: number, lines: readonly FenceLine[]) {
    this.#options = options;
    this.#file = file;
    this.#seq = seq;
    this.#writtenSeq = seq;
    for (const line of lines) this.#lines.set(line);
    this.#lines.takeChanged();
  }

  /** Writes the file anew, whole or not at all, and opens it for records. */
  static async create(options: FenceOptions, seq: number, lines: readonly FenceLine[]): Promise<FenceFile> {
    const written = await rewrite(options, seq, lines);
    const fence = new FenceFile(options, written.file, seq, lines);
    fence.#bytes = written.bytes;
    return fence;
  }

  /** A batch is durable; `lines` are the groups that it touched, as it left them. They are copied. */
  advance(seq: number, lines: readonly FenceLine[]): void {
    this.#seq = seq;
    for (const line of lines) this.#lines.set(line);
    if (this.#timer !== null || this.#writing !== null || this.#closed) return;
    this.#timer = setTimeout(() => this.#due(), recordIntervalMs);
    this.#timer.unref();
  }

  #due(): void {
    this.#timer = null;
    this.#writing = this.#writeRecord()
      .catch((error: unknown) => {
        this.#closed = true;
        this.#options.onError(error);
      })
      .finally(() => {
        this.#writing = null;
        if (this.#seq > this.#writtenSeq) this.advance(this.#seq, []);
      });
  }

  async #writeRecord(sync = false): Promise<void> {
    const seq = this.#seq;
    if (this.#bytes > rewriteBytes) {
      this.#lines.takeChanged();
      const written = await rewrite(this.#options, seq, this.#lines.live());
      await this.#file.close();
      this.#file = written.file;
      this.#bytes = written.bytes;
      this.#syncedAt = performance.now();
    } else {
      const record = encodeFenceRecord(seq, this.#lines.takeChanged());
      await writeWhole(this.#file, record, this.#bytes);
      this.#bytes += record.length;
      if (sync || performance.now() - this.#syncedAt > syncIntervalMs) {
        await this.#file.datasync();
        this.#syncedAt = performance.now();
      }
    }
    this.#writtenSeq = seq;
  }

  /** Brings the file up to the last batch, unless the store failed, and lets go of it. */
  async close(failed: boolean): Promise<void> {
    const broken = this.#closed;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#writing;
    try {
      if (!failed && !broken && this.#seq > 0) await this.#writeRecord(true);
    } finally {
      await this.#file.close();
    }
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  const { bytesWritten } = await file.write(bytes, 0, bytes.length, position);
  if (bytesWritten !== bytes.length) throw new Error(`Wrote ${bytesWritten} of ${bytes.length} bytes.`);
}

async function rewrite(
  options: FenceOptions,
  seq: number,
  lines: readonly FenceLine[],
): Promise<{ file: FileHandle; bytes: number }> {
  const bytes = Buffer.concat([
    encodeFenceHeader(options.version, options.storeId),
    encodeFenceRecord(seq, lines),
  ]);
  const next = join(dirname(options.path), 'fence.next');
  const file = await open(next, 'w');
  try {
    await writeWhole(file, bytes, 0);
    await file.sync();
    await rename(next, options.path);
    await syncDirectory(dirname(options.path));
  } catch (error) {
    await file.close();
    throw error;
  }
  return { file, bytes: bytes.length };
}
