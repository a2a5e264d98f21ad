import { defineConfig } from 'vitepress';
import { linksOutOfDocs } from '../src/links-out-of-docs.ts';
import { repositoryUrl } from '../src/repository.ts';
import { sidebar } from '../src/sidebar.ts';

/** Whether the pages are only to be checked: nobody reads or searches them then. */
const checked = process.env['DOCS_CHECK'] === '1';

export default defineConfig({
  title: 'Fastpaca Context Store',
  description: 'Keeps every message of every LLM conversation, and hands out the window a model gets.',
  // Where the site is served below a path, as GitHub Pages does.
  base: process.env['DOCS_BASE'] ?? '/',
  srcDir: '../../docs',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  cleanUrls: true,
  // A dead link to a page fails the build; examples point to the reader's own server.
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    config: (markdown) => markdown.use(linksOutOfDocs),
    // Braces in a heading, as in /v1/contexts/{id}, are no attributes.
    attrs: { disable: true },
    languageAlias: { promql: 'sql' },
    ...(checked ? { highlight: (code: string) => code.replaceAll('<', '&lt;') } : {}),
  },
  themeConfig: {
    ...(checked ? {} : { search: { provider: 'local' as const } }),
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Deploy', link: '/deploy/image' },
      { text: 'Reference', link: '/reference/rest' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: repositoryUrl }],
    footer: { message: 'Apache-2.0' },
  },
});
