import type { ContextId } from '../context/context-id.js';
import type { ListedContext, ListedPage } from './list-contexts.js';

/**
 * One page of several, each over other groups, all after the same cursor and with the same limit. A page
 * that ended early says nothing of what comes after its end: only up to the first such end all is known.
 */
export function mergePages(pages: readonly ListedPage[], limit: number): ListedPage {
  const bound = least(pages.map(({ nextCursor }) => nextCursor));
  const known = pages
    .flatMap(({ contexts }) => contexts)
    .filter(({ id }) => bound === null || id <= bound)
    .sort(byId);
  if (known.length <= limit) return { contexts: known, nextCursor: bound };
  const contexts = known.slice(0, limit);
  return { contexts, nextCursor: contexts.at(-1)?.id ?? null };
}

/** Ids are ASCII: the order of characters is that of bytes. */
const byId = (a: ListedContext, b: ListedContext): number => (a.id < b.id ? -1 : 1);

/** The least of those that are not null. */
export function least(ids: readonly (ContextId | null)[]): ContextId | null {
  let found: ContextId | null = null;
  for (const id of ids) if (id !== null && (found === null || id < found)) found = id;
  return found;
}
