import type { GroupId } from '@fastpaca/raft-core';

import type { LocalReplicas } from '../routing/routes.js';
import { listContexts, type ListedPage } from './list-contexts.js';
import type { ListOptions } from './list-options.js';

/** A page over those of the groups that a node can read now. */
export interface GroupsPage extends ListedPage {
  readonly groups: readonly GroupId[];
}

const nothing: GroupsPage = { groups: [], contexts: [], nextCursor: null };

/**
 * One page of the contexts of some groups, from this node's replicas, up to date as of the call. Groups that
 * it has no replica of, or that do not find a read point within `ms`, are left out.
 * @throws StoreError `invalid_range`, `invalid_cursor`
 */
export async function listGroups(
  local: LocalReplicas,
  groups: readonly GroupId[],
  options: ListOptions,
  ms: number,
): Promise<GroupsPage> {
  const reads = groups.map(async (group) => {
    const machine = local.machine(group);
    if (machine === null) return [];
    const outcome = await local.readIndex(group, ms);
    return outcome.kind === 'ready' ? [{ group, machine }] : [];
  });
  const readable = (await Promise.all(reads)).flat();
  if (readable.length === 0) return nothing;
  const page = await listContexts(
    readable.map(({ machine }) => machine),
    options,
  );
  // Where a group was taken from this node meanwhile, a part of it may be missing from the page.
  const stayed = readable.every(({ group, machine }) => local.machine(group) === machine);
  return stayed ? { ...page, groups: readable.map(({ group }) => group) } : nothing;
}
