import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;

interface Row {
  readonly number: number;
  readonly state: string;
  readonly where: string;
}

const rows: Row[] = readFileSync(join(here, 'README.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, number]) => /^\d+$/.test(number ?? ''))
  .map(([, number, , state, where]) => ({ number: Number(number), state: state ?? '', where: where ?? '' }));

test('all 44 scenarios are listed, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 44 }, (_, at) => at + 1));
  for (const { state } of rows) expect(['scripted', 'tested', 'no']).toContain(state);
});

test('every scripted one is a file of its number, and every file is listed', () => {
  const files = readdirSync(here).filter((name) => /^\d\d-.*\.md$/.test(name));
  const linked = rows
    .filter(({ state }) => state === 'scripted')
    .map(({ number, where }) => {
      const padded = String(number).padStart(2, '0');
      const link = /^\[(?<text>\d\d)\]\((?<file>.*)\)$/.exec(where)?.groups;
      expect(link?.['text']).toBe(padded);
      expect(link?.['file']?.startsWith(`${padded}-`)).toBe(true);
      return link?.['file'];
    });
  expect(linked).toEqual(files.sort());
  for (const file of files) {
    const title = readFileSync(join(here, file), 'utf8').split('\n')[0];
    expect(title).toMatch(new RegExp(`^# ${Number(file.slice(0, 2))}\\. `));
  }
});

test('every tested one names a test that exists', () => {
  for (const { number, where } of rows.filter(({ state }) => state === 'tested')) {
    const named = /^`(?<path>[^`]+)`: `(?<name>[^`]+)`$/.exec(where)?.groups;
    const source = readFileSync(join(here, named?.['path'] ?? ''), 'utf8');
    expect([number, source.includes(named?.['name'] ?? '?')]).toEqual([number, true]);
  }
});

test('every one that does not apply says why', () => {
  for (const { where } of rows.filter(({ state }) => state === 'no'))
    expect(where.length).toBeGreaterThan(40);
});
