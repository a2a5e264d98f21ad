import { randomUUID } from 'node:crypto';

import type { NodeId } from '@fastpaca/raft-core';
import { z } from 'zod';

import { StoreError } from '../store-error.js';
import { encodeError, encodeParts } from './answer.js';
import { pack, unpack } from './packing.js';

/** Bytes of one message of an answer: longer ones come in parts, so that no lane is held up for long. */
const partBytes = 1 << 20;
const defaultMaximumHeldBytes = 256 << 20;
/** How long a part waits to be fetched. */
const keepMs = 10_000;

interface HeldAnswer {
  readonly owner: NodeId;
  readonly bytes: Uint8Array;
  timer: NodeJS.Timeout;
}

const partRequestSchema = z.object({ token: z.string(), offset: z.int().min(0) });

export const encodePartRequest = (token: string, offset: number): Uint8Array => pack({ token, offset });

/** Long answers of this node, of which others fetch the rest. */
export class AnswerParts {
  readonly #held = new Map<string, HeldAnswer>();
  readonly #maximumHeldBytes: number;
  #heldBytes = 0;

  /** @param maximumHeldBytes Bytes of all answers that wait to be fetched. */
  constructor(maximumHeldBytes = defaultMaximumHeldBytes) {
    this.#maximumHeldBytes = maximumHeldBytes;
  }

  /** The answer as it is, or its first part. */
  first(answer: Uint8Array, owner: NodeId): Uint8Array {
    if (answer.length <= partBytes) return answer;
    if (this.#heldBytes + answer.length > this.#maximumHeldBytes) {
      return encodeError(new StoreError('overloaded', 'Too many long answers wait on a node; retry later.'));
    }
    const token = randomUUID();
    this.#heldBytes += answer.length;
    this.#held.set(token, { owner, bytes: answer, timer: this.#forgetLater(token) });
    return encodeParts(token, answer.length, answer.subarray(0, partBytes));
  }

  /**
   * The part from an offset on. Fetching the last one ends it.
   * @throws Error where there is no such answer, or not any more
   */
  part(request: Uint8Array, from: NodeId): Uint8Array {
    const { token, offset } = partRequestSchema.parse(unpack(request));
    const held = this.#held.get(token);
    if (held?.owner !== from || offset >= held.bytes.length) throw new Error('There is no such answer.');
    clearTimeout(held.timer);
    const end = offset + partBytes;
    if (end >= held.bytes.length) this.#forget(token);
    else held.timer = this.#forgetLater(token);
    return held.bytes.subarray(offset, end);
  }

  close(): void {
    for (const token of [...this.#held.keys()]) this.#forget(token);
  }

  #forgetLater(token: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.#forget(token);
    }, keepMs).unref();
  }

  #forget(token: string): void {
    const held = this.#held.get(token);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#held.delete(token);
    this.#heldBytes -= held.bytes.length;
  }
}
