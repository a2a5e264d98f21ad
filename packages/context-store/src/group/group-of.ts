import { groupId, type GroupId } from '@fastpaca/raft-core';

import type { ContextId } from '../context/context-id.js';
import { xxhash32 } from './xxhash32.js';

/** Raft groups of a store. Fixed for the life of its data: a context never moves between groups. */
export const defaultGroupCount = 256;

/**
 * The group that owns a context: XXH32 (seed 0) of the id's bytes, modulo the number of groups.
 * Part of the format on disk, and of what other implementations may compute for themselves:
 *
 * | id | XXH32 | of 256 |
 * | --- | --- | --- |
 * | `a` | 0x550d7456 | 86 |
 * | `abc` | 0x32d153ff | 255 |
 * | `demo` | 0x9bd35370 | 112 |
 */
export function groupOf(id: ContextId, groups: number): GroupId {
  return groupId(xxhash32(id) % groups);
}
