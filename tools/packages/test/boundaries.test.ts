import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { root } from '../src/published.ts';

/** What is linted, by file: one import each. */
const right = {
  'packages/context-store/src/a.ts': `export * from '@fastpaca/raft-core/testing';`,
  'packages/context-store/src/b.ts': `import 'node:fs/promises';`,
  'packages/context-store/src/deep/down/c.ts': `import '../../other.js';`,
  'packages/context-store/test/d.ts': `import 'fast-check';`,
  'packages/context-store/test/e.ts': `export const ws = () => import('ws');`,
  'apps/server/src/f.ts': `import '@nestjs/websockets';`,
};
const wrong = {
  'packages/raft-core/src/not-in-the-table.ts': `import '@fastpaca/log-storage';`,
  'packages/raft-core/src/only-its-type.ts': `export type { LogStore } from '@fastpaca/log-storage';`,
  'packages/raft-core/src/later.ts': `export const late = () => import('@fastpaca/log-storage');`,
  'packages/raft-core/src/itself.ts': `import '@fastpaca/raft-core';`,
  'packages/nestjs/src/an-app.ts': `import '@fastpaca/server';`,
  'packages/nestjs/src/part-of-one.ts': `import '@fastpaca/raft-core/testing';`,
  'packages/raft-core/src/undeclared.ts': `import 'undici';`,
  'packages/raft-core/src/part-of-undeclared.ts': `export * from '@nestjs/common/utils';`,
  'packages/raft-core/src/by-path.ts': `import '../../log-storage/src/index.js';`,
  'packages/raft-core/src/very/deep/by-path.ts': `import '../../../../log-storage/src/index.js';`,
  'packages/raft-core/src/down-and-up.ts': `import './here/../../../log-storage/src/index.js';`,
  'packages/raft-core/src/of-the-workspace.ts': `import '../../../tools/dev/prepare.mjs';`,
  'packages/raft-core/src/by-absolute-path.ts': `import '/srv/log-storage.js';`,
  'tools/packages/src/tool.ts': `import '@fastpaca/raft-core';`,
};

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-boundaries-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

beforeAll(() => {
  // The linter would walk through a link to the whole folder.
  mkdirSync(path.join(directory, 'node_modules'));
  symlinkSync(path.join(root, 'node_modules/oxlint'), path.join(directory, 'node_modules/oxlint'));
  const ours = globSync(['oxlint.config.ts', 'package.json', '{packages,apps,tools}/*/package.json'], {
    cwd: root,
  });
  for (const file of ours) write(file, (to) => copyFileSync(path.join(root, file), to));
  for (const [file, text] of Object.entries({ ...right, ...wrong }))
    write(file, (to) => writeFileSync(to, `${text}\n`));
});

function write(file: string, how: (to: string) => void) {
  const to = path.join(directory, file);
  mkdirSync(path.dirname(to), { recursive: true });
  how(to);
}

/** The files whose import lint refuses. */
function refused(): string[] {
  const args = [path.join(root, 'node_modules/.bin/oxlint'), '--format', 'unix', '.'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => line.includes('eslint(no-restricted-imports)'));
  return lines.map((line) => line.slice(0, line.indexOf(':')));
}

test('lint refuses what leaves a package by a path, undeclared, or not as the table says, and nothing else', () => {
  expect(refused().toSorted()).toEqual(Object.keys(wrong).toSorted());
});
