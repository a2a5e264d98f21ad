import { cpSync, existsSync, lutimesSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyServer } from '../tools/deploy/src/bundle/copy-server.ts';

// Assembles what production runs: the bundle of the server, in which only what it imports is, and what starts it.
// Usage, after `npm ci && npm run build`: node docker/assemble.mjs DIRECTORY
// With SOURCE_DATE_EPOCH set, every file has that time, so that the same commit gives the same bytes.

const root = fileURLToPath(new URL('..', import.meta.url));

function refuse(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}

function setTimes(out, seconds) {
  for (const entry of readdirSync(out, { recursive: true }))
    lutimesSync(path.join(out, entry), seconds, seconds);
  lutimesSync(out, seconds, seconds);
}

const target = process.argv[2];
if (!target) refuse('Name the directory to assemble into: node docker/assemble.mjs DIRECTORY');
const out = path.resolve(target);
if (existsSync(out) && readdirSync(out).length > 0) refuse(`${out} is not empty; name a new directory.`);

// As in a checkout, so that one command starts either.
copyServer(path.join(out, 'apps/server'));
for (const file of ['LICENSE', 'docker/healthcheck.mjs'])
  cpSync(path.join(root, file), path.join(out, file), { recursive: true });
const epoch = process.env.SOURCE_DATE_EPOCH;
if (epoch) setTimes(out, Number(epoch));
