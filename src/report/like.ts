import type { Evidence } from './model.ts';

/** Of like packets the first ones and the last are shown. */
const LIKE_FIRST = 2;

export interface Folded {
  readonly row: Evidence;
  /** Like packets left out before it. */
  readonly skipped: number;
}

/** Of like packets of one connection the first two and the last: a ladder of 15 retransmissions is told by its ends. */
export function foldLike(evidence: readonly Evidence[]): Folded[] {
  const groups = new Map<string, number>();
  const indices = evidence.map((row) => {
    const index = groups.get(keyOf(row)) ?? 0;
    groups.set(keyOf(row), index + 1);
    return index;
  });
  return evidence.flatMap((row, i): Folded[] => {
    const index = indices[i] ?? 0;
    const last = (groups.get(keyOf(row)) ?? 1) - 1;
    if (index < LIKE_FIRST) return [{ row, skipped: 0 }];
    return index === last ? [{ row, skipped: last - LIKE_FIRST }] : [];
  });
}

function keyOf({ connection, kind }: Evidence): string {
  return `${connection} ${kind}`;
}
