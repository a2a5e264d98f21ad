import { createRequire } from 'node:module';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { getRawAsset, getAsset } from 'node:sea';
import { unpack } from './unpack.ts';

// What the executable runs first. Addons, threads and static files must be files, so everything is unpacked
// once, and the server starts from there as it does from a checkout.

// Before the first use of libuv's pool, which reads it then.
process.env['UV_THREADPOOL_SIZE'] ??= '8';

const manifest = JSON.parse(getAsset('manifest.json', 'utf8')) as Record<string, string>;
const files = new Map(
  Object.entries(manifest).map(([name, digest]) => [
    name,
    { digest, content: () => new Uint8Array(getRawAsset(name)) },
  ]),
);
try {
  const directory = unpack(files, tmpdir());
  // Node's own place for it is shared by all users of the machine.
  process.env['NODE_COMPILE_CACHE'] ??= path.join(directory, 'compile-cache');
  createRequire(path.join(directory, 'start.cjs'))('./start.cjs');
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `start failed: ${reason}. Set TMPDIR to a directory where files can be written and run\n`,
  );
  process.exit(1);
}
