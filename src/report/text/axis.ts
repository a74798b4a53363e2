import { durationText } from '../duration.ts';
import { TICK_STEPS } from '../tick-steps.ts';

/** Maps seconds since the capture's start to columns, with long stretches in which nothing changes left out. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  /** 0..columns - 1; times outside go to the nearest end. */
  readonly columnOf: (seconds: number) => number;
  readonly pauses: readonly Pause[];
  readonly ticks: readonly Tick[];
}

export interface Pause {
  /** Its first column; it takes PAUSE_COLUMNS. */
  readonly column: number;
  readonly seconds: number;
}

export interface Tick {
  readonly column: number;
  readonly label: string;
}

export const PAUSE_COLUMNS = 2;
const PAUSES_MAX = 4;
/** A stretch is left out only where it is long in itself and much of the axis. */
const PAUSE_MIN_SECONDS = 600;
const PAUSE_MIN_SHARE = 1 / 5;
/** Of a stretch left out, so much stays on either side. */
const PAUSE_MARGIN = 1 / 50;

/** Columns between two ticks, so that their labels stay apart. */
const TICK_COLUMNS_MIN = 11;
const MINUTE = 60;

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly column: number;
  readonly columns: number;
}

/** @param moments  times at which something of note happens, in seconds; any order, also outside of the axis */
export function axisOf(from: number, to: number, columns: number, moments: readonly number[]): Axis {
  const end = to > from ? to : from + 1;
  const stretches = stretchesOf(from, end, columns, moments);
  const pauses = stretches.slice(1).map((stretch, i): Pause => {
    const before = stretches[i] ?? stretch;
    return { column: stretch.column - PAUSE_COLUMNS, seconds: stretch.from - before.to };
  });
  const columnOf = (seconds: number): number => placeOn(stretches, seconds, columns);
  return { from, to: end, columns, columnOf, pauses, ticks: ticksOf(stretches) };
}

function stretchesOf(from: number, to: number, columns: number, moments: readonly number[]): Stretch[] {
  const edges = quietOf(from, to, moments);
  const parts: { from: number; to: number }[] = [];
  let start = from;
  for (const quiet of edges) {
    parts.push({ from: start, to: quiet.from });
    start = quiet.to;
  }
  parts.push({ from: start, to });
  const room = columns - PAUSE_COLUMNS * edges.length;
  const seconds = parts.reduce((sum, part) => sum + part.to - part.from, 0);
  let column = 0;
  let told = 0;
  return parts.map((part): Stretch => {
    told += part.to - part.from;
    const used = parts.indexOf(part);
    const end = Math.round((told / seconds) * room) + used * PAUSE_COLUMNS;
    const stretch = { ...part, column, columns: Math.max(1, end - column) };
    column = end + PAUSE_COLUMNS;
    return stretch;
  });
}

/** The longest stretches without a moment of note, in order of time, each with a margin left standing. */
function quietOf(from: number, to: number, moments: readonly number[]): { from: number; to: number }[] {
  const inside = [from, ...moments.filter((moment) => moment > from && moment < to), to].toSorted((a, b) => a - b);
  const least = Math.max(PAUSE_MIN_SECONDS, (to - from) * PAUSE_MIN_SHARE);
  const gaps = inside.slice(1).map((moment, i) => ({ from: inside[i] ?? from, to: moment }));
  const longest = gaps
    .filter((gap) => gap.to - gap.from > least)
    .toSorted((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, PAUSES_MAX)
    .toSorted((a, b) => a.from - b.from);
  return longest.map((gap) => {
    const margin = (gap.to - gap.from) * PAUSE_MARGIN;
    return { from: gap.from + margin, to: gap.to - margin };
  });
}

function placeOn(stretches: readonly Stretch[], seconds: number, columns: number): number {
  const stretch = stretches.findLast((candidate) => seconds >= candidate.from) ?? stretches[0];
  if (stretch === undefined) return 0;
  // Within a pause: its first column.
  if (seconds > stretch.to) return Math.min(columns - 1, stretch.column + stretch.columns);
  const share = (seconds - stretch.from) / (stretch.to - stretch.from || 1);
  const within = Math.min(stretch.columns - 1, Math.max(0, Math.floor(share * stretch.columns)));
  return Math.min(columns - 1, stretch.column + within);
}

function ticksOf(stretches: readonly Stretch[]): Tick[] {
  const seconds = stretches.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0);
  const columns = stretches.reduce((sum, stretch) => sum + stretch.columns, 0);
  const atLeast = (seconds * TICK_COLUMNS_MIN) / columns;
  const step = TICK_STEPS.find((candidate) => candidate >= atLeast) ?? atLeast;
  const longest = stretches.at(-1)?.to ?? 0;
  const ticks: Tick[] = [];
  for (const stretch of stretches) {
    for (let n = Math.ceil(stretch.from / step - 1e-9); n * step <= stretch.to; n++) {
      const column = placeOn(stretches, n * step, Infinity);
      const last = ticks.at(-1);
      const free = last === undefined ? 0 : last.column + last.label.length + 2;
      if (column >= free) ticks.push({ column, label: tickLabel(n * step, step, longest) });
    }
  }
  return ticks;
}

/** Seconds since the capture's start, no finer than the step, in one form along the whole axis. */
function tickLabel(seconds: number, step: number, longest: number): string {
  if (step < 1) return `${seconds.toFixed(step < 0.01 ? 3 : step < 0.1 ? 2 : 1)} s`;
  if (step < MINUTE && longest > 2 * MINUTE) {
    const rest = Math.round(seconds % MINUTE);
    return `${Math.floor(seconds / MINUTE)}:${String(rest).padStart(2, '0')}`;
  }
  return durationText(seconds);
}
