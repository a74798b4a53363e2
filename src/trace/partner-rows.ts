import type { Ref } from './model.ts';
import { unpackedRef } from './ref-table.ts';

/** The first cells of a partner's row: another connection, or a flow of one, and what of it was passed on here. Further cells are their owner's. */
const PARTNER_ROW = {
  peer: 0,
  nth: 1,
  matched: 2,
  firstNs: 3,
  firstPacket: 4,
  lastNs: 5,
  lastPacket: 6,
} as const;
export const PARTNER_ROW_CELLS = 7;
export const NO_SLOT = -1;

/** A row that matched. */
export interface Tallied {
  readonly slot: number;
  readonly peer: number;
  readonly nth: number;
  readonly matched: number;
  readonly first: Ref;
  readonly last: Ref;
}

/**
 * The slot of a partner; a new one takes an empty one, or that of a partner that matched once only.
 * @param stride cells of a row
 * @param mayBegin a partner that has none may get one
 * @returns NO_SLOT where there is none
 */
export function slotOf(rows: Float64Array, stride: number, peer: number, nth: number, mayBegin: boolean): number {
  let free = NO_SLOT;
  for (let slot = 0; slot < rows.length; slot += stride) {
    const matched = rows[slot + PARTNER_ROW.matched] ?? 0;
    if (matched > 0 && rows[slot + PARTNER_ROW.peer] === peer && rows[slot + PARTNER_ROW.nth] === nth) return slot;
    if (free === NO_SLOT && matched <= 1) free = slot;
  }
  if (!mayBegin || free === NO_SLOT) return NO_SLOT;
  rows.fill(0, free, free + stride);
  rows[free + PARTNER_ROW.peer] = peer;
  rows[free + PARTNER_ROW.nth] = nth;
  return free;
}

/** One match more, at that packet. */
export function addMatch(rows: Float64Array, slot: number, timeNs: number, packet: number): void {
  const matched = (rows[slot + PARTNER_ROW.matched] ?? 0) + 1;
  rows[slot + PARTNER_ROW.matched] = matched;
  if (matched === 1) {
    rows[slot + PARTNER_ROW.firstNs] = timeNs;
    rows[slot + PARTNER_ROW.firstPacket] = packet;
  }
  rows[slot + PARTNER_ROW.lastNs] = timeNs;
  rows[slot + PARTNER_ROW.lastPacket] = packet;
}

/** The rows that matched, in the order in which they lie. */
export function tallied(rows: Float64Array, stride: number): Tallied[] {
  const found: Tallied[] = [];
  for (let slot = 0; slot < rows.length; slot += stride) {
    const cell = (column: number): number => rows[slot + column] ?? 0;
    const first = unpackedRef(cell(PARTNER_ROW.firstNs), cell(PARTNER_ROW.firstPacket));
    const last = unpackedRef(cell(PARTNER_ROW.lastNs), cell(PARTNER_ROW.lastPacket));
    if (first === null || last === null) continue;
    const [peer, nth, matched] = [cell(PARTNER_ROW.peer), cell(PARTNER_ROW.nth), cell(PARTNER_ROW.matched)];
    found.push({ slot, peer, nth, matched, first, last });
  }
  return found;
}
