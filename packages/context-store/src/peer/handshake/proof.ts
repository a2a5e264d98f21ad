import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Proves the secret for one side of one connection. Everything both said so far goes in, nonces, identities,
 * versions and lane included, and what identifies the TLS channel where there is one: a proof is worth
 * nothing on another connection, nor for the other side.
 */
export function prove(secret: string, side: 'dialler' | 'accepter', said: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', secret).update(`fastpaca link ${side}`);
  for (const bytes of said) {
    // Its length first: else the end of one could pass for the beginning of the next.
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    mac.update(length).update(bytes);
  }
  return mac.digest();
}

export const proves = (given: Uint8Array, expected: Uint8Array): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);
