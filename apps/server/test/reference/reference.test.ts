import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseConfiguration } from '../../src/config/configuration.js';
import { variables } from '../../src/config/variables.js';
import { renderConfiguration, renderErrors, renderRest, renderSampleFile } from './render-reference.js';

const root = new URL('../../../../', import.meta.url);

/** Prettier pads the columns of a table; that is no difference. */
const plain = (text: string) =>
  text
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();

describe('the reference is what the code says', () => {
  test.each([
    ['docs/reference/errors.md', renderErrors],
    ['docs/reference/configuration.md', renderConfiguration],
    ['docs/reference/rest.md', renderRest],
    ['docker/fastpaca.env.sample', renderSampleFile],
  ])('%s', (page, render) => {
    const file = new URL(page, root);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, render());
    expect(plain(readFileSync(file, 'utf8'))).toBe(plain(render()));
  });
});

test('the sample file parses, lists every variable, and gives the defaults', () => {
  const text = readFileSync(new URL('docker/fastpaca.env.sample', root), 'utf8');
  const entries = [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    String(name),
    String(value),
  ]);
  expect(entries.map(([name]) => name)).toEqual(Object.values(variables).map(({ name }) => name));
  const configuration = parseConfiguration(Object.fromEntries(entries) as Record<string, string>);
  expect(configuration).toEqual({ ...parseConfiguration({}), dataDirectory: '/data' });
});
