/**
 * Where a round over the pending contexts stands. A round ends, in each group, at the places that there
 * were when it came to the group: contexts that get new messages meanwhile line up behind, and cannot
 * keep a round from ending.
 */
export interface PendingCursor {
  readonly group: number;
  readonly place: number;
  /** First place that belongs to the next round; null: the round has not come to the group yet. */
  readonly end: number | null;
}

export const firstPlace = (group: number): PendingCursor => ({ group, place: 0, end: null });

export const encodeCursor = ({ group, place, end }: PendingCursor): string =>
  `${group}.${place}.${end ?? ''}`;

export function decodeCursor(text: string): PendingCursor {
  const [group, place, end] = text.split('.');
  return { group: Number(group), place: Number(place), end: end === '' ? null : Number(end) };
}
