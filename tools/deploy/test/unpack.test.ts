import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type PackedFile, sha256, unpack } from '../src/binary/unpack.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-unpack-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function packed(contents: Readonly<Record<string, string>>): Map<string, PackedFile> {
  return new Map(
    Object.entries(contents).map(([name, content]) => [
      name,
      { digest: sha256(content), content: () => Buffer.from(content) },
    ]),
  );
}

const files = packed({ 'start.js': 'start', 'deep/er/addon.node': 'machine code' });

function emptyParent(): string {
  return mkdtempSync(path.join(directory, 'parent-'));
}

function contentOf(unpacked: string): string {
  return readFileSync(path.join(unpacked, 'deep/er/addon.node'), 'utf8');
}

test('unpacks into a directory that only its user can read, and uses it again', () => {
  const parent = emptyParent();
  const first = unpack(files, parent);
  expect(contentOf(first)).toBe('machine code');
  expect(statSync(first).mode & 0o777).toBe(0o700);
  const written = statSync(path.join(first, 'start.js')).ino;
  expect(unpack(files, parent)).toBe(first);
  expect(statSync(path.join(first, 'start.js')).ino).toBe(written);
  expect(readdirSync(parent)).toHaveLength(1);
});

test('other contents have another directory', () => {
  const parent = emptyParent();
  expect(unpack(packed({ 'start.js': 'other' }), parent)).not.toBe(unpack(files, parent));
});

test('creates the parent, as a fresh TMPDIR may be missing', () => {
  expect(contentOf(unpack(files, path.join(emptyParent(), 'a/b')))).toBe('machine code');
});

const tampered: readonly [string, (unpacked: string) => void][] = [
  ['a changed file', (unpacked) => writeFileSync(path.join(unpacked, 'deep/er/addon.node'), 'malware')],
  ['a missing file', (unpacked) => rmSync(path.join(unpacked, 'start.js'))],
  ['rights for others', (unpacked) => chmodSync(unpacked, 0o777)],
  [
    'something that is no directory',
    (unpacked) => {
      rmSync(unpacked, { recursive: true });
      writeFileSync(unpacked, 'malware');
    },
  ],
];

test.each(tampered)('what was put there with %s is not used', (_, tamper) => {
  const parent = emptyParent();
  const first = unpack(files, parent);
  tamper(first);
  const second = unpack(files, parent);
  expect(second).not.toBe(first);
  expect(contentOf(second)).toBe('machine code');
  expect(statSync(second).mode & 0o777).toBe(0o700);
});

test('a link to a directory of somebody else is not followed', () => {
  const parent = emptyParent();
  const elsewhere = unpack(files, parent);
  const other = emptyParent();
  const name = path.basename(elsewhere);
  // Same contents behind a link: whoever owns the link can change where it leads afterwards.
  symlinkSync(elsewhere, path.join(other, name));
  expect(unpack(files, other)).not.toBe(path.join(other, name));
  expect(existsSync(path.join(elsewhere, 'start.js'))).toBe(true);
});
