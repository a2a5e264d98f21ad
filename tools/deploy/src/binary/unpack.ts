import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface PackedFile {
  /** SHA-256 of the content, in hex. */
  readonly digest: string;
  readonly content: () => Uint8Array;
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Unpacks files into a directory that is named after their content, and returns it; one that is there already is used
 * again. Whoever may write to `parent` could have put it there, with an addon of theirs: it must be ours, closed to
 * others, and every file is held against its digest. Where that fails, or two processes unpack at once, this
 * one takes a directory of its own, which is removed when it ends.
 */
export function unpack(files: ReadonlyMap<string, PackedFile>, parent: string): string {
  const all = [...files].map(([name, { digest }]) => `${digest} ${name}`).join('\n');
  const directory = path.join(parent, `fastpaca-${process.getuid?.() ?? 0}-${sha256(all).slice(0, 16)}`);
  if (isIntact(directory, files)) return directory;
  mkdirSync(parent, { recursive: true });
  const fresh = mkdtempSync(path.join(parent, 'fastpaca-'));
  for (const [name, { content }] of files) {
    mkdirSync(path.dirname(path.join(fresh, name)), { recursive: true });
    writeFileSync(path.join(fresh, name), content());
  }
  try {
    renameSync(fresh, directory);
    return directory;
  } catch {
    if (isIntact(directory, files)) {
      rmSync(fresh, { recursive: true, force: true });
      return directory;
    }
    process.on('exit', () => rmSync(fresh, { recursive: true, force: true }));
    return fresh;
  }
}

function isIntact(directory: string, files: ReadonlyMap<string, PackedFile>): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return false;
  if (process.getuid !== undefined && found.uid !== process.getuid()) return false;
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) return false;
  try {
    return [...files].every(
      ([name, { digest }]) => sha256(readFileSync(path.join(directory, name))) === digest,
    );
  } catch {
    return false;
  }
}
