import type { Connection, LivenessState, MarkKind, Window } from '../model.ts';
import { type Axis, PAUSE_COLUMNS } from './axis.ts';
import type { Tone } from './colour.ts';
import { MARKS } from './glyphs.ts';
import type { Ink } from './ink.ts';
import type { SecondsOf } from './moments.ts';

/** One row of the axis, a character a column. */
type Row = string[];

/** What is drawn over what, where several states fall into one column. */
const WEIGHT: Readonly<Record<LivenessState, number>> = {
  closed: 0,
  idle: 1,
  alive: 2,
  closing: 3,
  unanswered: 4,
  dead: 5,
};

const TONES: Readonly<Record<LivenessState, Tone>> = {
  alive: 'good',
  idle: 'dim',
  unanswered: 'warn',
  dead: 'bad',
  closing: 'warn',
  closed: 'dim',
};

const RANK: ReadonlyMap<MarkKind, number> = new Map(MARKS.map(([kind], rank) => [kind, rank]));

/** What happened on a connection, as letters. */
export function marksRow(connection: Connection, axis: Axis, seconds: SecondsOf): string {
  const ranks: number[] = Array.from({ length: axis.columns }, () => MARKS.length);
  for (const mark of connection.marks) {
    const rank = RANK.get(mark.kind);
    const from = seconds(mark.at);
    const until = seconds(mark.until);
    if (rank === undefined || until < axis.from || from > axis.to) continue;
    for (let column = axis.columnOf(from); column <= axis.columnOf(until); column++) {
      ranks[column] = Math.min(rank, ranks[column] ?? MARKS.length);
    }
  }
  return ranks.map((rank) => MARKS[rank]?.[1] ?? ' ').join('');
}

/** A connection's states as a line. */
export function livenessRow(connection: Connection, axis: Axis, seconds: SecondsOf, ink: Ink): string {
  const states: (LivenessState | null)[] = Array.from({ length: axis.columns }, () => null);
  for (const { from, to, state } of connection.liveness) {
    if (seconds(to) < axis.from || seconds(from) > axis.to) continue;
    for (let column = axis.columnOf(seconds(from)); column <= axis.columnOf(seconds(to)); column++) {
      const drawn = states[column] ?? null;
      if (drawn === null || WEIGHT[state] > WEIGHT[drawn]) states[column] = state;
    }
  }
  const row = states.map((state) => (state === null ? ' ' : ink.glyphs.liveness[state]));
  const tones = states.map((state): Tone => (state === null ? 'plain' : TONES[state]));
  return painted(withPauses(row, axis, ink), tones, ink);
}

/** The window as a bar, with the onset interval before it. */
export function windowRow(window: Window, axis: Axis, seconds: SecondsOf, ink: Ink): string {
  const row: Row = Array.from({ length: axis.columns }, () => ' ');
  const from = axis.columnOf(seconds(window.from));
  const { lastHeard } = window.onset;
  const onset = lastHeard === null ? from : axis.columnOf(seconds(lastHeard));
  for (let column = onset; column < from; column++) row[column] = ink.glyphs.onset;
  const to = window.to === null ? axis.columns - 1 : axis.columnOf(seconds(window.to));
  for (let column = from; column <= to; column++) row[column] = ink.glyphs.window;
  if (window.to === null && axis.columnOf(axis.to) === to && to > from) row[to] = ink.glyphs.windowOpen;
  const tones = row.map((): Tone => 'bad');
  return painted(withPauses(row, axis, ink), tones, ink);
}

/** The axis itself: labels above, ticks below. */
export function axisRows(axis: Axis, ink: Ink): [string, string] {
  let labels = '';
  for (const { column, label } of axis.ticks) {
    if (column + label.length <= axis.columns) labels = labels.padEnd(column) + label;
  }
  const row: Row = Array.from({ length: axis.columns }, () => ink.glyphs.axis);
  for (const { column } of axis.ticks) row[column] = ink.glyphs.tick;
  return [labels, withPauses(row, axis, ink).join('')];
}

/** Time left out shows on every row. */
function withPauses(row: Row, axis: Axis, ink: Ink): Row {
  const drawn = [...row];
  for (const { column } of axis.pauses) {
    for (let i = 0; i < PAUSE_COLUMNS; i++) drawn[column + i] = ink.glyphs.pause;
  }
  return drawn;
}

/** Runs of one tone are coloured as one piece. */
function painted(row: Row, tones: readonly Tone[], ink: Ink): string {
  let text = '';
  for (let start = 0; start < row.length;) {
    let end = start + 1;
    while (end < row.length && tones[end] === tones[start]) end++;
    text += ink.paint(tones[start] ?? 'plain', row.slice(start, end).join(''));
    start = end;
  }
  return text;
}
