import { expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const here = import.meta.dirname;

test('the counter of the README commits', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const code = /<!-- example: counter\.mjs -->\s+```js\n(?<code>.*?)```/s.exec(readme)?.groups?.['code'];
  if (code === undefined) throw new Error('the README has no counter');
  const folder = await mkdtemp(join(here, 'readme-'));
  const lines: unknown[][] = [];
  const log = console.log;
  console.log = (...line: unknown[]) => void lines.push(line);
  try {
    const source = code
      .replace('@fastpaca/raft-core/testing', '../../src/testing/index.js')
      .replace('@fastpaca/raft-core', '../../src/index.js');
    await writeFile(join(folder, 'counter.mjs'), source);
    await import(join(folder, 'counter.mjs'));
  } finally {
    console.log = log;
    await rm(folder, { recursive: true });
  }
  expect(lines).toEqual([['committed', 5]]);
  const body = code.split('\n').filter((line) => line.trim() !== '');
  expect(body.length).toBeLessThanOrEqual(40);
});
