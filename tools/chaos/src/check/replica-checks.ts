import type { Violation } from '../history/operation.ts';

/** What a node says of a context when nothing is written any more, as the bytes of its answers. */
export interface ContextCopy {
  readonly node: string;
  readonly record: string;
  readonly log: string;
  readonly window: string;
}

/** Every node gives the same bytes. */
export function checkCopies(context: string, copies: readonly ContextCopy[]): Violation[] {
  const [first, ...others] = copies;
  if (first === undefined) return [];
  const violations: Violation[] = [];
  for (const copy of others) {
    for (const part of ['record', 'log', 'window'] as const) {
      if (copy[part] === first[part]) continue;
      const message = `the ${part} differs between ${first.node} and ${copy.node}: ${difference(first[part], copy[part])}`;
      violations.push({ check: part === 'window' ? 'windows equal' : 'replicas equal', context, message });
    }
  }
  return violations;
}

/** Where two texts part, with a little of both. */
function difference(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const part = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 20), at + 60));
  return `at byte ${at} of ${a.length} and ${b.length}: ${part(a)} and ${part(b)}`;
}

/** The state of one group in one data directory. */
export interface GroupDigest {
  readonly node: string;
  readonly group: number;
  /** The applied index, which may differ by entries that change nothing else, is not part of it. */
  readonly sha256: string;
  readonly keys: number;
}

/** The replicas of each group have the same keys with the same bytes. */
export function checkDigests(digests: readonly GroupDigest[], replicasWanted: number): Violation[] {
  const violations: Violation[] = [];
  const groups = Map.groupBy(digests, ({ group }) => group);
  for (const [group, replicas] of groups) {
    const distinct = Map.groupBy(replicas, ({ sha256 }) => sha256);
    if (distinct.size > 1) {
      const sides = [...distinct.values()].map((side) =>
        side.map(({ node, keys }) => `${node} (${keys} keys)`).join(' and '),
      );
      violations.push({
        check: 'replicas byte-equal',
        message: `group ${group} differs: ${sides.join(' against ')}`,
      });
    }
    if (replicas.length < replicasWanted) {
      const message = `group ${group} has ${replicas.length} replicas, ${replicasWanted} are wanted`;
      violations.push({ check: 'replicas byte-equal', message });
    }
  }
  return violations;
}
