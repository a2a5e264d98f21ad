import { setTimeout as delay } from 'node:timers/promises';

import { groupId, type GroupId, type NodeId } from '@fastpaca/raft-core';

import { pageLimit } from '../checks.js';
import { toView } from '../context/to-view.js';
import { coverGroups } from '../list/cover-groups.js';
import { listGroups, type GroupsPage } from '../list/list-groups.js';
import type { ContextPage, ListOptions } from '../list/list-options.js';
import { mergePages } from '../list/merge-pages.js';
import { encodeListRequest, listedFromWire } from './list-codec.js';
import { shareOf } from './read-policy.js';
import { unavailable, type ReadRouter } from './read-router.js';
import type { Routes } from './routes.js';

const retryMs = 100;

/** Which nodes could not read which groups, in this round. */
type Failures = Map<NodeId, Set<GroupId>>;

/**
 * Pages over all groups. This node reads those that it has a replica of, and as few others as have the rest
 * are asked for it. A page is whole, or it is not answered.
 */
export class ListRouter {
  readonly #routes: Routes;
  readonly #reads: ReadRouter;

  constructor(routes: Routes, reads: ReadRouter) {
    this.#routes = routes;
    this.#reads = reads;
  }

  /** @throws StoreError `invalid_range`, `invalid_cursor`, `unavailable` */
  async list(options: ListOptions, deadlineMs: number): Promise<ContextPage> {
    const limit = pageLimit(options.limit);
    const pages = await this.#pages({ ...options, limit }, performance.now() + deadlineMs);
    const { contexts, nextCursor } = mergePages(pages, limit);
    return { contexts: contexts.map(({ id, context }) => toView(id, context)), nextCursor };
  }

  /** Pages that have every group between them. */
  async #pages(options: ListOptions, end: number): Promise<readonly GroupsPage[]> {
    const pages: GroupsPage[] = [];
    let rest: readonly GroupId[] = Array.from({ length: this.#routes.local.groups }, (_, at) => groupId(at));
    let failures: Failures = new Map();
    for (;;) {
      const byNode = coverGroups(rest, (group) => this.#nodesFor(group, failures));
      const remainingMs = end - performance.now();
      if (remainingMs <= 0) throw unavailable('not every group has a replica that can be read');
      if (byNode.size === 0) {
        await delay(Math.min(retryMs, remainingMs));
        failures = new Map();
        continue;
      }
      const asked = [...byNode].map(async ([node, groups]) => {
        const page = await this.#ask(node, groups, options, remainingMs);
        const read = new Set(page?.groups);
        note(
          failures,
          node,
          groups.filter((group) => !read.has(group)),
        );
        return page === null || page.groups.length === 0 ? [] : [page];
      });
      const found = (await Promise.all(asked)).flat();
      pages.push(...found);
      const done = new Set(found.flatMap(({ groups }) => groups));
      rest = rest.filter((group) => !done.has(group));
      if (rest.length === 0) return pages;
    }
  }

  /** This node alone where it has a replica that did not fail, else all that may have one. */
  #nodesFor(group: GroupId, failures: Failures): readonly NodeId[] {
    const { local } = this.#routes;
    const failed = (node: NodeId): boolean => failures.get(node)?.has(group) === true;
    if (local.machine(group) !== null && !failed(local.self)) return [local.self];
    return this.#routes.others(group).filter((node) => !failed(node));
  }

  async #ask(
    node: NodeId,
    groups: readonly GroupId[],
    options: ListOptions,
    remainingMs: number,
  ): Promise<GroupsPage | null> {
    const { local } = this.#routes;
    const ms = shareOf(
      remainingMs,
      groups.some((group) => this.#routes.hasOthers(group)),
    );
    if (node === local.self) return listGroups(local, groups, options, ms);
    const payload = encodeListRequest({ groups, options });
    const tried = await this.#reads.ask('list', node, payload, ms, (value) => listedFromWire.parse(value));
    return tried.kind === 'read' ? tried.result : null;
  }
}

function note(failures: Failures, node: NodeId, groups: readonly GroupId[]): void {
  if (groups.length === 0) return;
  const known = failures.get(node) ?? new Set();
  failures.set(node, known);
  for (const group of groups) known.add(group);
}
