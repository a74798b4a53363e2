import type { Report, Timestamp, Window } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';
import { TICK_STEPS } from '../tick-steps.ts';

/** Places on the time axis, as shares of what is seen at first: 0 is its left end, 1 its right one. Earlier and later ones lie outside. */
export interface Scale {
  /** Seconds since the capture's first packet. */
  readonly from: number;
  readonly to: number;
  readonly share: (at: Timestamp) => number;
}

export interface Tick {
  readonly share: number;
  readonly label: string;
}

/** The windows and this much of their span before and after, at least PAD_SECONDS. */
const PAD_SHARE = 0.2;
const PAD_SECONDS = 15;
/** Up to this the whole capture is shown: what came before explains. */
const WHOLE_SHARE = 4;

/** Left free at either end, for the letters there. */
const MARGIN_SHARE = 0.012;

const TICKS_MAX = 8;
/** A tick further right has no room for its label. */
const TICK_SHARE_MAX = 0.95;
const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** The whole capture, or, where the windows are a small part of it, these with their surroundings. */
export function scaleOf({ capture }: Report, windows: readonly Window[]): Scale {
  const start = parseTimestamp(capture.start ?? '') ?? 0n;
  const seconds = (at: Timestamp): number => Number((parseTimestamp(at) ?? start) - start) / 1e9;
  const end = capture.end === null ? 0 : Math.max(0, seconds(capture.end));
  const whole = { from: 0, to: end > 0 ? end : 1 };
  const seen = windows.length === 0 ? whole : aroundOf(windows, seconds, whole);
  const margin = (seen.to - seen.from) * MARGIN_SHARE;
  const from = seen.from - margin;
  const to = seen.to + margin;
  return { from, to, share: (at) => (seconds(at) - from) / (to - from) };
}

function aroundOf(
  windows: readonly Window[],
  seconds: (at: Timestamp) => number,
  whole: { readonly from: number; readonly to: number },
): { from: number; to: number } {
  const starts = windows.map(({ onset, from }) => seconds(onset.lastHeard ?? from));
  const first = starts.reduce((earliest, at) => Math.min(earliest, at), Infinity);
  const ends = windows.map(({ to }) => (to === null ? whole.to : seconds(to)));
  const last = ends.reduce((latest, at) => Math.max(latest, at), -Infinity);
  if (whole.to <= WHOLE_SHARE * (last - first)) return whole;
  const pad = Math.max(PAD_SECONDS, PAD_SHARE * (last - first));
  const from = Math.max(whole.from, first - pad);
  return { from, to: Math.max(from + STEP_MIN, Math.min(whole.to, last + pad)) };
}

const STEP_MIN = 0.001;

export function ticksOf({ from, to }: Scale): Tick[] {
  const atLeast = (to - from) / TICKS_MAX;
  const step = TICK_STEPS.find((candidate) => candidate >= atLeast) ?? atLeast;
  const count = Math.floor(to / step + 1e-9) - Math.ceil(from / step - 1e-9) + 1;
  const ticks = Array.from({ length: Math.min(Math.max(count, 0), TICKS_MAX + 1) }, (_, i) => {
    const seconds = (Math.ceil(from / step - 1e-9) + i) * step;
    return { share: (seconds - from) / (to - from), label: tickLabel(seconds, step) };
  });
  return ticks.filter(({ share }) => share <= TICK_SHARE_MAX);
}

/** `2.5 s` between ticks of less than a second, else `0:52` or `1:02:03`. */
function tickLabel(seconds: number, step: number): string {
  if (step < 1) return `${seconds.toFixed(step < 0.01 ? 3 : step < 0.1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / MINUTE) % 60;
  if (whole < HOUR) return `${minutes}:${two(whole % MINUTE)}`;
  return `${Math.floor(whole / HOUR)}:${two(minutes)}:${two(whole % MINUTE)}`;
}
