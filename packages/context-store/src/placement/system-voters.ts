import type { NodeId } from '@fastpaca/raft-core';

const maximumVoters = 5;

/**
 * Who votes in the system group: up to five, an odd number where there are three or more, since an even
 * one survives no more failures. Those who vote go on voting as long as they can.
 *
 * @param candidates by preference
 */
export function systemVoters(current: readonly NodeId[], candidates: readonly NodeId[]): readonly NodeId[] {
  const count = Math.min(candidates.length, maximumVoters);
  const wanted = count > 2 && count % 2 === 0 ? count - 1 : count;
  const staying = current.filter((node) => candidates.includes(node));
  const coming = candidates.filter((node) => !staying.includes(node));
  return [...staying, ...coming].slice(0, wanted);
}
