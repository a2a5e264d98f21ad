import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { faultsOf } from '../src/faults.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-faults-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const right = {
  'index.js': 'export const one = 1;\n',
  'index.d.ts': 'export declare const one: number;\n',
};

/** A package of these files, whose manifest says only what this test is about. */
function tarballOf(name: string, exports: object, files: Readonly<Record<string, string>>): string {
  const manifest = { name, version: '1.0.0', type: 'module', license: 'Apache-2.0', files: ['*'], exports };
  const contents = { ...files, 'package.json': JSON.stringify(manifest) };
  const folder = path.join(directory, name, 'package');
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(contents)) writeFileSync(path.join(folder, file), content);
  const tarball = path.join(directory, `${name}.tgz`);
  execFileSync('tar', ['-czf', tarball, '-C', path.dirname(folder), 'package']);
  return tarball;
}

const entry = { types: './index.d.ts', default: './index.js' };

test('a package that is right has no faults, also where only CommonJS would find one', async () => {
  expect(
    await faultsOf(tarballOf('right', { '.': entry, './package.json': './package.json' }, right)),
  ).toEqual([]);
});

test('an entry that is not in the package is a fault', async () => {
  const exports = { '.': { ...entry, default: './none.js' } };
  expect(await faultsOf(tarballOf('no-code', exports, right))).toContainEqual(
    expect.stringContaining('file does not exist'),
  );
});

test('what publint only warns of is a fault', async () => {
  const exports = { '.': { default: './index.js', types: './index.d.ts' } };
  expect(await faultsOf(tarballOf('types-last', exports, right))).toContainEqual(
    expect.stringContaining('should be the first'),
  );
});

test('types that lead to nothing, and none at all, are a fault', async () => {
  const files = { ...right, 'index.d.ts': "export * from './none.js';\n" };
  expect(await faultsOf(tarballOf('wrong-types', { '.': entry }, files))).toContainEqual(
    expect.stringContaining('InternalResolutionError'),
  );
  expect(await faultsOf(tarballOf('untyped', { '.': './index.js' }, { 'index.js': '' }))).toEqual([
    'has no types',
  ]);
});
