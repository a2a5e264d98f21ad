import { z } from 'zod';

import { isContextId, type ContextId } from '../context/context-id.js';
import { decodePosition, encodePosition } from '../stream/changes-codec.js';
import type { StreamPosition } from '../stream/stream-change.js';
import { pack, unpack } from './packing.js';

/** The changes of a context after a position, from a node that has a replica of it. */
export interface ChangesRequest {
  readonly id: ContextId;
  readonly position: StreamPosition;
  readonly bodies: boolean;
  readonly waitMs: number;
}

const schema = z.object({
  id: z.string().refine(isContextId),
  position: z.instanceof(Uint8Array).transform((bytes) => decodePosition(bytes)),
  bodies: z.boolean(),
  waitMs: z.number(),
});

export const encodeChangesRequest = (request: ChangesRequest): Uint8Array =>
  pack({ ...request, position: encodePosition(request.position) });

/** @throws z.ZodError, MalformedError */
export const decodeChangesRequest = (bytes: Uint8Array): ChangesRequest => schema.parse(unpack(bytes));
