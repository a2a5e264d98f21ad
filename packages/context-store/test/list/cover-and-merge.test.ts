import { groupId, nodeId, type GroupId } from '@fastpaca/raft-core';
import { emptyWindow } from '@fastpaca/token-budget';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { newProgress } from '../../src/archive/archive-progress.js';
import { createProfile } from '../../src/context/context-codec.js';
import { contextId } from '../../src/context/context-id.js';
import { coverGroups } from '../../src/list/cover-groups.js';
import type { ListedContext, ListedPage } from '../../src/list/list-contexts.js';
import { mergePages } from '../../src/list/merge-pages.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(nodeId);
const groups = (count: number): GroupId[] => Array.from({ length: count }, (_, at) => groupId(at));

describe('nodes that have all groups between them', () => {
  test('one node where one has all', () => {
    const byNode = coverGroups(groups(4), () => [a, b, c].flatMap((node) => node ?? []));
    expect([...byNode]).toEqual([[a, groups(4)]]);
  });

  test('every group is asked of one node that has it, and what nobody has of nobody', () => {
    const placement = fc.array(fc.uniqueArray(fc.constantFrom(a, b, c, d), { maxLength: 3 }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(placement, (replicas) => {
        const replicasOf = (group: GroupId) => (replicas[group] ?? []).flatMap((node) => node ?? []);
        const byNode = coverGroups(groups(replicas.length), replicasOf);
        const asked = [...byNode].flatMap(([node, some]) => some.map((group) => ({ node, group })));
        expect(asked.every(({ node, group }) => replicasOf(group).includes(node))).toBe(true);
        const all = asked.map(({ group }) => group).sort((x, y) => x - y);
        expect(all).toEqual(groups(replicas.length).filter((group) => replicasOf(group).length > 0));
      }),
    );
  });
});

const profile = createProfile(8000, 0.7, '{"strategy":"manual"}', '{}');

function listed(name: string): ListedContext {
  if (profile === null) throw new Error('The profile of the test is none.');
  const queue = { head: 1, tail: 1, headAppend: 0, headAt: 0 };
  const record = {
    ordinal: 1,
    status: 'active' as const,
    version: 0,
    lastSeq: 0,
    archivedSeq: 0,
    createdAt: 0,
    updatedAt: 0,
    appends: 0,
    queue,
    window: emptyWindow(),
    archive: newProgress,
  };
  return { id: contextId(name), context: { record, profile } };
}

/** What a node answers that has these ids, and looks at `examined` of them at most. */
function pageOf(ids: readonly string[], after: string, limit: number, examined: number): ListedPage {
  const rest = ids.filter((id) => id > after).sort();
  const looked = rest.slice(0, Math.min(limit, examined));
  const last = looked.at(-1);
  return {
    contexts: looked.map(listed),
    nextCursor: looked.length < rest.length && last !== undefined ? contextId(last) : null,
  };
}

describe('one page of the pages of several nodes', () => {
  const id = fc.string({ unit: fc.constantFrom(...'abzAZ09._'), minLength: 1, maxLength: 3 });

  test('page after page gives every context once and in order, wherever the pages of the nodes end', () => {
    const shards = fc
      .uniqueArray(id, { maxLength: 60 })
      .chain((ids) =>
        fc
          .array(fc.integer({ min: 0, max: 2 }), { minLength: ids.length, maxLength: ids.length })
          .map((at) => [0, 1, 2].map((shard) => ids.filter((_, index) => at[index] === shard))),
      );
    const sizes = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(shards, sizes, fc.array(sizes, { minLength: 3, maxLength: 3 }), (all, limit, examined) => {
        const found: string[] = [];
        let after = '';
        for (let page = 0; ; page += 1) {
          expect(page).toBeLessThan(200);
          const pages = all.map((ids, shard) => pageOf(ids, after, limit, examined[shard] ?? 1));
          const { contexts, nextCursor } = mergePages(pages, limit);
          expect(contexts.length).toBeLessThanOrEqual(limit);
          found.push(...contexts.map((each) => each.id));
          if (nextCursor === null) break;
          after = nextCursor;
        }
        expect(found).toEqual(all.flat().sort());
      }),
    );
  });
});
