import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nodeIdentity } from '../../src/node/node-identity.js';

const newDirectory = () => path.join(mkdtempSync(path.join(tmpdir(), 'fastpaca-name-')), 'data');
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the identity of a node', () => {
  test('is a random id and name, made once and kept in the data directory', () => {
    const directory = newDirectory();
    const node = nodeIdentity(directory);
    expect(node).toEqual({ id: expect.stringMatching(uuid), name: expect.stringMatching(uuid) });
    expect(nodeIdentity(directory)).toEqual(node);
    expect(nodeIdentity(newDirectory()).id).not.toBe(node.id);
    expect(readdirSync(directory)).toEqual(['node.json']);
  });

  test('has a name that may be chosen before there is data, and stays', () => {
    const directory = newDirectory();
    expect(nodeIdentity(directory, 'node-1').name).toBe('node-1');
    expect(nodeIdentity(directory).name).toBe('node-1');
    expect(() => nodeIdentity(directory, 'node-2')).toThrow(
      /^FASTPACA_NODE_NAME does not fit: .*"node-2", but the data in .* "node-1": use that name, or another directory/,
    );
  });

  test('is another one after the directory was wiped, under the same name', () => {
    const directory = newDirectory();
    const before = nodeIdentity(directory, 'node-1');
    rmSync(directory, { recursive: true });
    const after = nodeIdentity(directory, 'node-1');
    expect(after.name).toBe(before.name);
    expect(after.id).not.toBe(before.id);
  });

  test('that is damaged or gone beside data is refused with what to do, and never made up anew', () => {
    const directory = newDirectory();
    nodeIdentity(directory, 'node-1');
    const file = path.join(directory, 'node.json');
    const text = readFileSync(file, 'utf8');
    const id = (JSON.parse(text) as { id: string }).id;
    const damaged = [
      '',
      text.slice(0, 40),
      text.replace('node-1', 'node-9'),
      text.replace(id[0] ?? '', id.startsWith('a') ? 'b' : 'a'),
    ];
    for (const bytes of damaged) {
      writeFileSync(file, bytes);
      expect(() => nodeIdentity(directory)).toThrow(/node\.json is damaged: restore it from a backup/);
    }
    rmSync(file);
    mkdirSync(path.join(directory, 'store'));
    expect(() => nodeIdentity(directory)).toThrow(/holds data, but no node\.json/);
  });
});
