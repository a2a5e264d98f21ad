import { hash, timingSafeEqual } from 'node:crypto';

/** The keys that a request may carry. None: every request passes. */
export class ApiKeys {
  private readonly digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.digests = keys.map(digestOf);
  }

  get required(): boolean {
    return this.digests.length > 0;
  }

  /**
   * Whether an `Authorization` header carries one of the keys. The time it takes tells nothing about a
   * key: digests of one length are compared, and always all of them.
   */
  accepts(authorization: string | undefined): boolean {
    if (!this.required) return true;
    const given = digestOf(bearerOf(authorization));
    let matches = 0;
    for (const digest of this.digests) matches |= Number(timingSafeEqual(digest, given));
    return matches === 1;
  }
}

/** Empty where there is none; no key is empty. */
function bearerOf(authorization: string | undefined): string {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
