import Table from 'cli-table3';
import type { Result } from './compare.ts';
import type { Capture } from './generate.ts';
import type { Figure } from './figures.ts';
import { CAPINFOS } from './programs.ts';

const PLAIN = { style: { head: [], border: [] } };

/** Every program on every capture, with its ratio to capinfos on the same. */
export function renderResults(results: readonly Result[]): string {
  const table = new Table({
    ...PLAIN,
    head: ['capture', 'program', 'ms', 'least..most', 'packets/s', 'peak MiB', 'x capinfos'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const result of results) {
    const { capture, program, ms, leastMs, mostMs, peakMiB, rounds } = result;
    const rival = results.find((other) => other.program === CAPINFOS && other.capture === capture);
    table.push([
      nameOf(capture),
      program.name,
      ms.toFixed(0),
      rounds > 1 ? `${leastMs.toFixed(0)}..${mostMs.toFixed(0)}` : 'one run',
      inMillions(capture.packets / ms),
      orDash(peakMiB, 0),
      orDash(ms / (rival?.ms ?? Number.NaN), 2),
    ]);
  }
  return table.toString();
}

/** By its size as classic pcap, whatever it is kept in. */
function nameOf({ bytes, variant }: Capture): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 0)} MB${variant === undefined ? '' : `, ${variant}`}`;
}

/** The goals, each met, not met or not measured. */
export function renderFigures(figures: readonly Figure[]): string {
  const table = new Table({
    ...PLAIN,
    head: ['figure', 'measured', 'goal', ''],
    colAligns: ['left', 'right', 'right'],
  });
  for (const { name, value, unit, most, isLater } of figures) {
    const goal = Number.isNaN(most) ? '' : `<= ${most}${unit}${isLater ? ' (later)' : ''}`;
    table.push([name, orDash(value, 2) + (Number.isNaN(value) ? '' : unit), goal, verdict(value, most)]);
  }
  return table.toString();
}

function verdict(value: number, most: number): string {
  if (Number.isNaN(most)) return '';
  if (Number.isNaN(value)) return 'not measured';
  return value <= most ? 'met' : 'not met';
}

/** @param perMs  packets in a millisecond */
function inMillions(perMs: number): string {
  return `${(perMs / 1000).toFixed(2)} M`;
}

function orDash(value: number, digits: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(digits);
}
