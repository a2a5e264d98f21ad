import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './repository.ts';

/** A page of the site, by its path below docs/ without `.md`. Its title is its own first heading. */
type Page = string;

interface Section {
  readonly text: string;
  readonly pages: readonly Page[];
}

/** The order in which somebody new reads. Pages that it does not name follow at the end of the section of their folder. */
const sections: readonly Section[] = [
  { text: 'Start', pages: ['index', 'quick-start', 'client', 'context-management', 'streaming', 'cli'] },
  {
    text: 'Run the server',
    pages: ['deploy/image', 'deploy/executable', 'deploy/kubernetes', 'deploy/nomad'],
  },
  { text: 'Embed it', pages: ['nestjs'] },
  {
    text: 'Operations',
    pages: [
      'operations/monitoring',
      'operations/logging',
      'operations/tracing',
      'operations/sizing',
      'operations/upgrading',
    ],
  },
  {
    text: 'Cluster',
    pages: ['cluster/deployment', 'cluster/placement', 'cluster/failures', 'cluster/runbook'],
  },
  { text: 'Archive', pages: ['archive'] },
  { text: 'Reference', pages: ['reference/rest', 'reference/errors', 'reference/configuration'] },
  { text: 'How it works', pages: ['architecture'] },
  { text: 'Raft', pages: ['raft/index', 'raft/embedding'] },
  { text: 'More', pages: [] },
];

/** Where pages of a folder belong that no section names. */
const sectionOfFolder: Readonly<Record<string, string>> = {
  deploy: 'Run the server',
  operations: 'Operations',
  cluster: 'Cluster',
  archive: 'Archive',
  reference: 'Reference',
  raft: 'Raft',
};

interface Item {
  readonly text: string;
  readonly link: string;
}

function titleOf(file: string): string {
  const heading = /^# (.*)$/m.exec(readFileSync(path.join(root, 'docs', file), 'utf8'))?.[1];
  if (heading === undefined) throw new Error(`docs/${file} has no heading of the first level`);
  return heading.replaceAll('`', '').replaceAll('\\', '');
}

function itemOf(page: Page): Item {
  return { text: titleOf(`${page}.md`), link: `/${page.replace(/(^|\/)index$/, '$1')}` };
}

/** The API pages, one for each package, which typedoc makes. */
function apiItems(): Item[] {
  const files = globSync('api/@fastpaca/**/*.md', { cwd: path.join(root, 'docs') }).sort();
  return files.map((file) => ({
    text: file.replace(/^api\//, '').replace(/\.md$/, ''),
    link: `/${file.replace(/\.md$/, '')}`,
  }));
}

/**
 * The navigation: every page of docs/, in the order of the table above, and the API.
 *
 * @throws Error where the table names a page that does not exist, or a page has no heading
 */
export function sidebar(): { text: string; collapsed: boolean; items: Item[] }[] {
  const all = globSync('**/*.md', { cwd: path.join(root, 'docs') })
    .filter((file) => !file.startsWith('api/'))
    .map((file) => file.replace(/\.md$/, ''))
    .sort();
  const named = new Set(sections.flatMap(({ pages }) => pages));
  const others = all.filter((page) => !named.has(page));
  const groups = sections.map(({ text, pages }) => {
    const own = others.filter((page) => (sectionOfFolder[page.split('/')[0] ?? ''] ?? 'More') === text);
    return { text, collapsed: text === 'Raft', items: [...pages, ...own].map(itemOf) };
  });
  const api = { text: 'API of the packages', collapsed: false, items: apiItems() };
  return [...groups, api].filter(({ items }) => items.length > 0);
}
