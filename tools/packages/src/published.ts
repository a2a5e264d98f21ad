import { execFile } from 'node:child_process';
import { globSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

export const root = path.resolve(import.meta.dirname, '../../..');

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** What of packages/ goes to the registry. */
export const published: readonly { readonly folder: string; readonly manifest: Manifest }[] = readdirSync(
  path.join(root, 'packages'),
)
  .map((folder) => ({ folder, manifest: manifestOf(folder) }))
  .filter(({ manifest }) => manifest.private !== true);

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(root, 'packages', folder, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Packs packages as publishing would, in one run of npm.
 *
 * @returns the tarballs' names in the directory
 */
export async function pack(folders: readonly string[], directory: string): Promise<string[]> {
  const args = ['pack', '--pack-destination', directory, ...folders.map((folder) => `./packages/${folder}`)];
  await promisify(execFile)('npm', args, { cwd: root });
  const tarballs = globSync('*.tgz', { cwd: directory }).sort();
  if (tarballs.length !== folders.length)
    throw new Error(`npm packed ${tarballs.length} of ${folders.length} packages`);
  return tarballs;
}
