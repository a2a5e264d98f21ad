import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { urlOutOfDocs } from '../src/links-out-of-docs.ts';
import { sidebar } from '../src/sidebar.ts';
import { pages, proseOf, read, root } from './pages.ts';

/** The anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#{1,6} (.*)$/gm)].map((match) => match[1] ?? '');
  const slugs = headings.map((heading) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  return new Set(slugs);
}

/** What is wrong with a link of a page, or `null`. */
function fault(page: string, href: string): string | null {
  // The site's API pages are made from docstrings, and checked when the site is built.
  if (/^(https?|mailto|wss?):/.test(href) || href.startsWith('/api/')) return null;
  const [target = '', anchor] = href.split('#');
  const file = target === '' ? page : path.posix.join(path.posix.dirname(page), target);
  if (!existsSync(path.join(root, file))) return `${href}: there is no ${file}`;
  if (anchor === undefined) return null;
  const text = statSync(path.join(root, file)).isDirectory() ? `${file}/README.md` : file;
  return anchorsOf(text).has(anchor) ? null : `${href}: ${text} has no such heading`;
}

function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map((match) => match[1] ?? '');
}

test.each(pages)('no link of %s is dead', (page) => {
  const faults = linksOf(page).flatMap((href) => fault(page, href) ?? []);
  expect(faults).toEqual([]);
});

test('a dead link, and a dead anchor, would be found', () => {
  expect(fault('docs/index.md', 'no-such-page.md')).not.toBeNull();
  expect(fault('docs/index.md', 'quick-start.md#no-such-heading')).not.toBeNull();
  expect(fault('docs/index.md', 'quick-start.md#2-append-messages')).toBeNull();
});

test('the navigation of the site has every page of docs/ once, the doors among them', () => {
  const links = sidebar().flatMap(({ items }) => items.map(({ link }) => link));
  expect(new Set(links).size).toBe(links.length);
  const expected = pages
    .filter((page) => page.startsWith('docs/'))
    .map((page) => page.replace(/^docs/, '').replace(/\.md$/, ''))
    .map((page) => page.replace(/(^|\/)index$/, '$1'));
  expect(links.filter((link) => !link.startsWith('/api/')).sort()).toEqual(expected.sort());
  for (const door of ['/deploy/image', '/raft/embedding', '/nestjs', '/quick-start'])
    expect(links).toContain(door);
});

test('a link of the site to a source goes to the repository, and never to nothing', () => {
  expect(urlOutOfDocs('client.md', '../packages/client')).toMatch(/^https:.*\/tree\/main\/packages\/client$/);
  expect(urlOutOfDocs('raft/index.md', '../reference/rest.md')).toBeNull();
  expect(() => urlOutOfDocs('client.md', '../packages/none')).toThrow('does not exist');
});
