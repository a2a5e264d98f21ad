/**
 * How many rows each backlog gets of a batch: equal parts, where a part that is not needed goes to those
 * that need more. With fewer rows than backlogs, so many of the smallest get one each.
 */
export function shareRows(backlogs: readonly number[], rows: number): number[] {
  const shares = backlogs.map(() => 0);
  const smallestFirst = [...backlogs.entries()].sort(([, a], [, b]) => a - b);
  let left = rows;
  for (const [place, [index, backlog]] of smallestFirst.entries()) {
    const equal = Math.ceil(left / (smallestFirst.length - place));
    const share = Math.min(backlog, equal);
    shares[index] = share;
    left -= share;
  }
  return shares;
}
