import { z } from 'zod';

import type { AnnouncedState, PeerStatus } from '../peer/peer-status.js';
import { decode } from './facts-codec.js';
import type { OwnState, SeenNode } from './formation.js';
import { nodeIdSchema, phaseSchema } from './node-schemas.js';

/** What a node says of itself beside what the link needs to know. */
export interface Announcement extends Omit<OwnState, 'self' | 'hasLooked'>, Pick<SeenNode, 'sees'> {
  /** Context groups that it was made with. */
  readonly groups: number;
  /** Of the software, for people. */
  readonly version: string;
  /** It is about to stop: it takes no leadership. */
  readonly leaving: boolean;
}

const schema: z.ZodType<Announcement> = z.object({
  size: z.int().min(1),
  revision: z.int().min(0),
  phase: phaseSchema,
  sees: z.array(nodeIdSchema).max(1_000),
  groups: z.int().min(1),
  version: z.string().max(100),
  leaving: z.boolean(),
});

export function announce(announcement: Announcement): AnnouncedState {
  const { phase } = announcement;
  const member = phase.kind === 'member';
  return {
    clusterId: member ? phase.clusterId : null,
    state: member ? 'member' : 'empty',
    detail: JSON.stringify(announcement),
  };
}

/** Null where the peer says nothing that this version understands. */
export function announced(peer: PeerStatus): (Announcement & SeenNode) | null {
  const found = decode(schema, Buffer.from(peer.detail));
  return found === null ? null : { ...found, id: peer.id, name: peer.name };
}
