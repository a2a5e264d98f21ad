import { isJsonObject } from '@fastpaca/protocol';
import { invalidField } from '../errors/api-error.js';

const prefix = 'metadata.';
const filterLimit = 16;

/** The `metadata.KEY=VALUE` parameters of a query string; undefined where there are none. */
export function metadataFilter(query: unknown): Readonly<Record<string, string>> | undefined {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(isJsonObject(query) ? query : {})) {
    if (!name.startsWith(prefix)) continue;
    if (typeof value !== 'string') throw invalidField('The query string', name, 'must be given once');
    pairs.push([name.slice(prefix.length), value]);
  }
  if (pairs.length > filterLimit) {
    throw invalidField('The query string', 'metadata', `must have at most ${filterLimit} keys`);
  }
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
