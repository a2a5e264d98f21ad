import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes names that were created in a directory durable. Windows cannot open one, and needs no such step. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A directory and those above it, durable. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/**
 * Writes behind the first `size` bytes of a file, durable. Where it fails the file is cut back, so that
 * rows whose write failed are not found later and taken for written.
 */
export async function appendDurably(path: string, size: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, size === 0 ? 'w' : 'r+');
  try {
    await handle.truncate(size);
    let written = 0;
    while (written < bytes.byteLength) {
      const result = await handle.write(bytes, written, bytes.byteLength - written, size + written);
      written += result.bytesWritten;
    }
    await handle.sync();
  } catch (error) {
    await handle.truncate(size).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  if (size === 0) await syncDirectory(dirname(path));
}
