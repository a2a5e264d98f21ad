import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { postgresBinaries, unprivileged } from './postgres-binaries.js';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../../../node_modules/.cache/postgres', import.meta.url));
const options = ['-U', 'test', '-A', 'trust', '-N', '--no-instructions', '-E', 'UTF8'];

/**
 * Makes an empty directory the data directory of a new Postgres. What `initdb` makes is kept and copied: it takes two
 * seconds of CPU time, a copy less than half of one.
 */
export async function fillDataDirectory(data: string): Promise<void> {
  // A thousand files: the asynchronous one costs as much as initdb.
  cpSync(await template(), data, { recursive: true });
  await give(data);
}

async function template(): Promise<string> {
  const { initdb } = await postgresBinaries();
  const key = createHash('sha256')
    .update(await readFile(initdb))
    .update(options.join(' '))
    .digest('hex');
  const kept = join(cache, key);
  const known = await access(kept).then(
    () => true,
    () => false,
  );
  if (known) return kept;
  // Not in the cache: its user may not be able to come there.
  const made = await mkdtemp(join(tmpdir(), 'archiver-initdb-'));
  try {
    await give(made);
    await run(initdb, ['-D', made, ...options], { ...unprivileged(), cwd: made, env: { LC_ALL: 'C' } });
    await mkdir(cache, { recursive: true });
    const copy = await mkdtemp(join(cache, 'copy-'));
    cpSync(made, copy, { recursive: true });
    // Whole or not at all. Where another test was faster, its copy stays.
    await rename(copy, kept).catch(() => rm(copy, { recursive: true }));
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return kept;
}

/** To the user that Postgres runs as. */
async function give(directory: string): Promise<void> {
  const { uid, gid } = unprivileged();
  if (uid !== undefined && gid !== undefined) await run('chown', ['-R', `${uid}:${gid}`, directory]);
}
