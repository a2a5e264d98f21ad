import { existsSync } from 'node:fs';
import path from 'node:path';
import { repositoryUrl, root } from './repository.ts';

/** What of markdown-it is needed here. */
interface Token {
  readonly type: string;
  readonly children: readonly Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}
interface State {
  readonly tokens: readonly Token[];
  readonly env: { readonly relativePath?: string };
}
interface Markdown {
  readonly core: { readonly ruler: { push(name: string, rule: (state: State) => void): void } };
}

/**
 * The URL of a link that leaves docs/, or `null` for one that stays.
 *
 * @throws Error where nothing is at its end
 */
export function urlOutOfDocs(page: string, href: string): string | null {
  if (/^[a-z]+:|^[#/]/.test(href)) return null;
  const [target = '', anchor] = href.split('#');
  const file = path.posix.normalize(path.posix.join('docs', path.posix.dirname(page), target));
  if (file.startsWith('docs/')) return null;
  if (!existsSync(path.join(root, file)))
    throw new Error(`docs/${page} links to ${href}, which does not exist`);
  return `${repositoryUrl}/tree/main/${file}${anchor === undefined ? '' : `#${anchor}`}`;
}

/** markdown-it plugin: pages link to sources as files of the repository, which the site does not have. */
export function linksOutOfDocs(markdown: Markdown): void {
  markdown.core.ruler.push('links-out-of-docs', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      const url = href === null ? null : urlOutOfDocs(env.relativePath ?? '', href);
      if (url !== null) token.attrSet('href', url);
    }
  });
}
