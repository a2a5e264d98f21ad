import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { published, root, type Manifest } from '../src/published.ts';

type Packages = Record<string, Partial<Manifest> & { readonly resolved?: string; readonly link?: true }>;

/** What `npm ci` installs in a project, and its direct dependencies. */
export interface LockFile {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly packages: Readonly<Packages>;
}

const own = new Set(published.map(({ manifest }) => manifest.name));
const foreign = (names: Readonly<Record<string, string>> = {}): string[] =>
  Object.keys(names).filter((name) => !own.has(name));

/**
 * The packages from their tarballs, each with links to its dependencies below itself; their peers, and Node's types, as
 * links of the project's.
 *
 * @param tarballs their names in the project
 */
export function lockFile(project: string, tarballs: readonly string[]): LockFile {
  const dependencies: Record<string, string> = {};
  const packages: Packages = {};
  const link = (below: string, name: string, from: string): string => {
    const installed = installedFor(from, name);
    const target = path.relative(project, installed);
    packages[path.posix.join(below, 'node_modules', name)] = { resolved: target, link: true };
    packages[target] = { version: manifestIn(installed).version };
    return `file:${target}`;
  };
  for (const { folder, manifest } of published) {
    const { name, version, bin, dependencies: needed, peerDependencies: peers } = manifest;
    const place = `node_modules/${name}`;
    const tarball = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    if (!tarballs.includes(tarball)) throw new Error(`npm has not packed ${tarball}`);
    const resolved = `file:${tarball}`;
    dependencies[name] = resolved;
    packages[place] = {
      ...{ version, resolved },
      ...(bin === undefined ? {} : { bin }),
      ...(needed === undefined ? {} : { dependencies: needed }),
      ...(peers === undefined ? {} : { peerDependencies: peers }),
    };
    for (const each of foreign(needed)) link(place, each, folder);
    for (const each of foreign(peers)) dependencies[each] = link('', each, folder);
  }
  dependencies['@types/node'] = link('', '@types/node', '.');
  return { dependencies, packages };
}

/** Where this repository has what a package of it asks for. */
function installedFor(folder: string, name: string): string {
  const found = [path.join('packages', folder), '']
    .map((place) => path.join(root, place, 'node_modules', name))
    .find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${name}, which packages/${folder} needs, is not installed`);
  return found;
}

function manifestIn(directory: string): Manifest {
  return JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as Manifest;
}
