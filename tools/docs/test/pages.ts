import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../src/repository.ts';

export { root };

export function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** Every page that Git has or is about to have: what nx and typedoc write is not among them. */
export const pages: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '*.md'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '' && !file.endsWith('CHANGELOG.md'));

export interface Block {
  readonly page: string;
  readonly line: number;
  /** What stands after the fence; empty where nothing does. */
  readonly language: string;
  readonly code: string;
}

const fence = /^( *)(`{3,}|~{3,})(\S*).*\n([\s\S]*?)^\1\2 *$/gm;

/** The fenced blocks of a page, indented ones in lists included. */
export function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(fence)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[3] ?? '',
    code: match[4] ?? '',
  }));
}

/** The page without its code, for what is said about links. */
export function proseOf(page: string): string {
  return read(page)
    .replace(fence, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '));
}
