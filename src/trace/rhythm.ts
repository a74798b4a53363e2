import { RHYTHM_GAP_SPREADS, RHYTHM_LEAST_SHARE, RHYTHM_SLACK_SPREADS } from './limits.ts';

/** Cells of a rhythm, wherever a row has them. `anew`: what broke the rhythm; `baseNs`: the shortest gap that is long beside what delays differ by. */
const RHYTHM = { anew: 0, lastNs: 1, baseNs: 2, leastDelayNs: 3, mostDelayNs: 4 } as const;
export const RHYTHM_CELLS = 5;

/**
 * Counts one more match of what came at `atNs`, and left `delayNs` later. Who asks as by the clock meets another clock, a health check's for one, each time if
 * it does once: that says no more than the first. So a match counts anew only where the gap since the last is no multiple of an earlier one, nor that of it,
 * by more than delays let expect.
 * @param at the first of the rhythm's cells; all 0 before the first match
 * @param delayNs null where it waited for something else besides; else at most `hopNs`
 */
export function countMatch(cells: Float64Array, at: number, atNs: number, delayNs: number | null, hopNs: number): void {
  if (delayNs !== null) noteDelay(cells, at, delayNs);
  const isFirst = cells[at + RHYTHM.anew] === 0;
  const gapNs = Math.abs(atNs - (cells[at + RHYTHM.lastNs] ?? 0));
  const spreadNs = Math.max(
    (cells[at + RHYTHM.mostDelayNs] ?? 0) - (cells[at + RHYTHM.leastDelayNs] ?? 0),
    RHYTHM_LEAST_SHARE * hopNs,
  );
  const longNs = RHYTHM_GAP_SPREADS * spreadNs;
  const baseNs = cells[at + RHYTHM.baseNs] ?? 0;
  const isLong = !isFirst && gapNs >= longNs;
  const isOfClock = isLong && isRhythm(gapNs, baseNs, RHYTHM_SLACK_SPREADS * spreadNs);
  if (!isOfClock) cells[at + RHYTHM.anew] = (cells[at + RHYTHM.anew] ?? 0) + 1;
  if (isLong && (gapNs < baseNs || baseNs < longNs)) cells[at + RHYTHM.baseNs] = gapNs;
  cells[at + RHYTHM.lastNs] = atNs;
}

function noteDelay(cells: Float64Array, at: number, delayNs: number): void {
  const most = cells[at + RHYTHM.mostDelayNs] ?? 0;
  const least = most === 0 ? delayNs : (cells[at + RHYTHM.leastDelayNs] ?? 0);
  cells[at + RHYTHM.leastDelayNs] = Math.min(least, delayNs);
  cells[at + RHYTHM.mostDelayNs] = Math.max(most, delayNs);
}

/** Matches that say more than those before them. */
export function countedAnew(cells: Float64Array, at: number): number {
  return cells[at + RHYTHM.anew] ?? 0;
}

/** One of the two gaps is a multiple of the other: a clock that was not seen each time. */
function isRhythm(gapNs: number, baseNs: number, slackNs: number): boolean {
  const [shortNs, longNs] = gapNs < baseNs ? [gapNs, baseNs] : [baseNs, gapNs];
  const times = shortNs > 0 ? Math.round(longNs / shortNs) : 0;
  return times > 0 && Math.abs(longNs - times * shortNs) <= times * slackNs;
}
