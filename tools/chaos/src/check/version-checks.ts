import type { Operation, Outcome, Violation } from '../history/operation.ts';

/**
 * To one client, the versions of a context never go back: an operation that began after an answer sees at least the
 * version of that answer. A deduped answer repeats an old one and is left out.
 */
export function checkVersions(operations: readonly Operation[]): Violation[] {
  const violations: Violation[] = [];
  const highest = new Map<string, number>();
  for (const { client, context, outcome } of operations.toSorted((a, b) => a.completedAt - b.completedAt)) {
    const version = versionOf(outcome);
    if (version === null) continue;
    const key = `${client} ${context}`;
    const before = highest.get(key) ?? 0;
    if (version < before) {
      const message = `${client} was told version ${version} after version ${before}`;
      violations.push({ check: 'versions never go back', context, message });
    }
    highest.set(key, Math.max(before, version));
  }
  return violations;
}

function versionOf(outcome: Outcome): number | null {
  switch (outcome.kind) {
    case 'appended':
      return outcome.deduped ? null : outcome.version;
    case 'compacted':
    case 'seen':
      return outcome.version;
    case 'conflict':
      return outcome.currentVersion;
    case 'done':
    case 'tombstoned':
    case 'failed':
    case 'unknown':
      return null;
  }
}
