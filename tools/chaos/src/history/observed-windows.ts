import { createHash } from 'node:crypto';
import type { Violation } from './operation.ts';

/** Windows by context and version: two reads of one version must give the same bytes, on whichever node. */
export class ObservedWindows {
  readonly #seen = new Map<string, { readonly hash: string; readonly where: string }>();

  observe(context: string, version: number, body: string, where: string): Violation | null {
    const key = `${context} ${version}`;
    const hash = createHash('sha256').update(body).digest('base64');
    const known = this.#seen.get(key);
    if (known === undefined) {
      this.#seen.set(key, { hash, where });
      return null;
    }
    if (known.hash === hash) return null;
    return {
      check: 'windows equal',
      context,
      message: `the window of version ${version} differs between ${known.where} and ${where}`,
    };
  }

  get size(): number {
    return this.#seen.size;
  }
}
