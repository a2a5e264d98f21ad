import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nodeName } from '../../src/node/node-name.js';

const newDirectory = () => path.join(mkdtempSync(path.join(tmpdir(), 'fastpaca-name-')), 'data');

describe('the name of a node', () => {
  test('is a random UUID, made once and kept in the data directory', () => {
    const directory = newDirectory();
    const name = nodeName(directory);
    expect(name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(nodeName(directory)).toBe(name);
    expect(nodeName(newDirectory())).not.toBe(name);
    expect(readdirSync(directory)).toEqual(['node-name']);
  });

  test('may be chosen before there is data, and stays', () => {
    const directory = newDirectory();
    expect(nodeName(directory, 'node-1')).toBe('node-1');
    expect(nodeName(directory)).toBe('node-1');
    expect(() => nodeName(directory, 'node-2')).toThrow(
      /^FASTPACA_NODE_NAME is "node-2", but the data in .* "node-1"/,
    );
  });
});
