import type { NodeId } from '@fastpaca/raft-core';

import { PeerError } from '../peer/peer-error.js';
import type { HopKind } from '../store-events.js';
import { decodeAnswer, fault, type Answer } from './answer.js';
import { encodePartRequest } from './answer-parts.js';
import type { Hops } from './hops.js';

/** A whole answer, or why there is none. */
export type WholeAnswer =
  Exclude<Answer, { kind: 'parts' }> | { readonly kind: 'failed'; readonly error: PeerError };

/** The longest answer that is taken from another node: a page of 64 MiB, and a window above it. */
const maximumAnswerBytes = 128 << 20;

/** Asks a node for a read, and puts an answer of several parts together. Never rejects. */
export async function askForAnswer(
  hops: Hops,
  kind: HopKind,
  to: NodeId,
  payload: Uint8Array,
  deadlineMs: number,
): Promise<WholeAnswer> {
  const end = performance.now() + deadlineMs;
  const bytes = await hops.request(kind, to, payload, deadlineMs);
  if (bytes instanceof PeerError) return { kind: 'failed', error: bytes };
  const answer = decodeAnswer(bytes);
  if (answer.kind !== 'parts') return answer;
  const { token, total, first } = answer;
  if (total > maximumAnswerBytes || first.length > total)
    return fault('Another node answers more than it may.');
  const whole = Buffer.allocUnsafe(total);
  whole.set(first);
  for (let at = first.length; at < total;) {
    const part = await hops.request('part', to, encodePartRequest(token, at), end - performance.now());
    if (part instanceof PeerError) return { kind: 'failed', error: part };
    if (part.length === 0 || part.length > total - at)
      return fault('Another node sent a part of another answer.');
    whole.set(part, at);
    at += part.length;
  }
  const assembled = decodeAnswer(whole);
  return assembled.kind === 'parts' ? fault('Another node sent parts of parts.') : assembled;
}
