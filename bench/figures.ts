import type { Capture } from './generate.ts';
import type { Result } from './compare.ts';
import { CAPINFOS, NODE_EMPTY, WATCHPCAP_ANALYZE, type Program } from './programs.ts';

/** One figure that is held against a goal; NaN where a program for it is missing. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly most: number;
  /** Goals of the finished program; the others are this stage's. */
  readonly isLater: boolean;
}

export interface Captures {
  readonly tiny: Capture;
  readonly small: Capture;
  readonly full: Capture;
  readonly fourfold: Capture;
}

/** Holds the measured runs against the goals. */
export function figuresOf(results: readonly Result[], captures: Captures): Figure[] {
  const of = (program: Program, capture: Capture): Result | undefined =>
    results.find((result) => result.program === program && result.capture === capture);
  const ms = (program: Program, capture: Capture): number => of(program, capture)?.ms ?? Number.NaN;
  const peak = (capture: Capture): number => of(WATCHPCAP_ANALYZE, capture)?.peakMiB ?? Number.NaN;
  const { tiny, small, full, fourfold } = captures;
  const gigabytes = (fourfold.bytes - full.bytes) / 1e9;
  const slope = (program: Program): number => (ms(program, fourfold) - ms(program, full)) / gigabytes;

  const ratio = ms(WATCHPCAP_ANALYZE, full) / ms(CAPINFOS, full);
  const slopeRatio = slope(WATCHPCAP_ANALYZE) / slope(CAPINFOS);
  const fixedMs = ms(WATCHPCAP_ANALYZE, tiny) - ms(NODE_EMPTY, tiny);
  return [
    { name: `time on ${megabytes(full)} MB, to capinfos`, value: ratio, unit: 'x', most: 3, isLater: false },
    { name: 'slope, to capinfos', value: slopeRatio, unit: 'x', most: 2, isLater: false },
    {
      name: `peak memory, ${megabytes(full)} less ${megabytes(small)} MB`,
      value: peak(full) - peak(small),
      unit: ' MiB',
      most: 20,
      isLater: false,
    },
    { name: 'fixed cost', value: fixedMs, unit: ' ms', most: 150, isLater: true },
    { name: 'slope, to capinfos', value: slopeRatio, unit: 'x', most: 1.3, isLater: true },
    { name: 'slope of watchpcap', value: slope(WATCHPCAP_ANALYZE), unit: ' ms/GB', most: Number.NaN, isLater: true },
    { name: 'slope of capinfos', value: slope(CAPINFOS), unit: ' ms/GB', most: Number.NaN, isLater: true },
  ];
}

function megabytes(capture: Capture): string {
  return (capture.bytes / 1e6).toFixed(0);
}
