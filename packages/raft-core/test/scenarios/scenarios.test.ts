import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replay } from './script.js';

const here = import.meta.dirname;
const files = readdirSync(here).filter((name) => /^\d\d-.*\.md$/.test(name));

describe('every scenario says what the code does', () => {
  test.each(files)('%s', (name) => {
    const path = join(here, name);
    const written = readFileSync(path, 'utf8');
    const played = replay(written);
    // To rewrite the expected output, to be read with care afterwards.
    if (process.env['UPDATE_SCENARIOS'] === '1') writeFileSync(path, played);
    else expect(played).toBe(written);
  });
});
