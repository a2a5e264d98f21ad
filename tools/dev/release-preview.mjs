import { execFileSync } from 'node:child_process';
import { releaseChangelog, releaseVersion } from 'nx/release/index.js';
import { root } from './prepare.mjs';

// `npm run release -- --dry-run` without the whole history: every package gets a version and a changelog, but the kind of
// version is given, and only the newest commits are read. For each older one Nx reads each manifest before and after it.

// A process for each of Nx's plugins costs more than what it does here.
process.env.NX_ISOLATE_PLUGINS ??= 'false';
const dryRun = true;
const newest = execFileSync('git', ['rev-list', '--max-count=20', 'HEAD'], { cwd: root, encoding: 'utf8' });
const { projectsVersionData, releaseGraph } = await releaseVersion({ specifier: 'patch', dryRun });
const from = newest.trim().split('\n').at(-1);
await releaseChangelog({ versionData: projectsVersionData, releaseGraph, from, dryRun });
