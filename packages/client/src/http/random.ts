/** 0 ≤ x < 1, from the platform's generator. */
export function randomFraction(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}

/**
 * A key that nobody else makes: 128 random bits in hex. `crypto.randomUUID` is missing in pages that
 * are not served over https.
 */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
