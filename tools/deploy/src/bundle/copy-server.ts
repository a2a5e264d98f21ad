import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const server = path.resolve(import.meta.dirname, '../../../../apps/server');
const bundle = 'dist/bundle';

/**
 * Copies the bundle that `npm run build` made into `directory`, with the manifest that it reads its version from, in the
 * places that they have in a checkout below `apps/server`.
 *
 * @throws Error where there is no bundle
 */
export function copyServer(directory: string): void {
  const made = path.join(server, bundle);
  if (!existsSync(made)) throw new Error('apps/server is not built: run npm run build first');
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(server, 'package.json'), 'utf8'),
  ) as Readonly<Record<string, unknown>>;
  mkdirSync(directory, { recursive: true });
  cpSync(made, path.join(directory, bundle), { recursive: true });
  const manifest = { name, version, private: true, license };
  writeFileSync(path.join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
