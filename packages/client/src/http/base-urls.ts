/**
 * The addresses of the nodes. All calls go to one node until it fails; then to the next one, and
 * around. Several clients that start together with the same list should not all begin with the same
 * node, so the first one is chosen at random.
 */
export class BaseUrls {
  private readonly urls: readonly string[];
  private current: number;

  /** @throws TypeError where one is not an absolute http(s) URL */
  constructor(given: string | readonly string[], random: () => number) {
    const urls = typeof given === 'string' ? [given] : given;
    if (urls.length === 0) throw new TypeError('baseUrl: give the address of at least one node');
    this.urls = urls.map(normalised);
    this.current = Math.floor(random() * urls.length) % urls.length;
  }

  get count(): number {
    return this.urls.length;
  }

  /** The node to call, and a mark of it for `failed`. */
  pick(): { readonly url: string; readonly index: number } {
    const url = this.urls[this.current];
    if (url === undefined) throw new Error('unreachable: the index is always within the list');
    return { url, index: this.current };
  }

  /** Moves on, unless another call that failed on the same node already has. */
  failed(index: number): void {
    if (this.current === index) this.current = (index + 1) % this.urls.length;
  }
}

/** `http://host:4000/`, `http://host:4000/v1` and `http://host:4000` mean the same node. */
function normalised(given: string): string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new TypeError(`baseUrl: ${given} is not a URL; give one such as http://localhost:4000`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`baseUrl: ${given} must begin with http:// or https://`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('baseUrl: must not hold a user or password; use apiKey');
  }
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
}
