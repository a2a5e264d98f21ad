import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { faultsOf } from './faults.ts';
import { pack, published } from './published.ts';

// `npm run check`: every package that is published, packed as it will be, with publint --strict and attw. `npm run check
// --workspace @fastpaca/raft-core` checks the package in whose directory it runs.

const only = path.relative(path.resolve(import.meta.dirname, '../../../packages'), process.cwd());
const folders = published.map(({ folder }) => folder);
const chosen = folders.includes(only) ? [only] : folders;

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-check-'));
try {
  for (const tarball of await pack(chosen, directory)) {
    const faults = await faultsOf(path.join(directory, tarball));
    process.stdout.write(`${tarball}: ${faults.length === 0 ? 'nothing wrong' : 'wrong'}\n`);
    for (const fault of faults) process.stdout.write(`  ${fault}\n`);
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
