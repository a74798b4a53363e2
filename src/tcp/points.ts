import type { Moment } from '../capture/index.ts';
import type { Segment } from '../decode/index.ts';
import { type Nearness, nearnessOf } from './nearness.ts';
import type { Sightings } from './sightings.ts';

/** What a first reading told of the files of several hosts. */
export interface PointPlan {
  readonly sightings: Sightings;
  readonly nearness: Nearness;
}

/** @returns undefined where each connection is counted wherever it was seen */
export function planPoints(sightings: Sightings): PointPlan | undefined {
  const nearness = nearnessOf(sightings);
  return nearness.elsewhere.length === 0 ? undefined : { sightings, nearness };
}

/**
 * Where captures of several hosts show one connection from several points, it is counted at one of them (nearness.ts). What another point
 * saw is a copy, or never came by there, and is left out. Where that point's files do not reach, its packets stay. All times are of the
 * clock of the nearest point, as far as packets tell how far the others are from it.
 */
export class Points {
  readonly #moment: Moment;
  readonly #sightings: Sightings;
  /** By row of the sightings: from and to; NaN where all is counted. */
  readonly #elsewhere: Float64Array;
  /** Packets left out so far. */
  count = 0;

  readonly #aheadNs: ReadonlyMap<number, number>;

  constructor(moment: Moment, { sightings, nearness }: PointPlan) {
    this.#moment = moment;
    this.#sightings = sightings;
    this.#aheadNs = nearness.aheadNs;
    this.#elsewhere = new Float64Array(sightings.count * 2).fill(Number.NaN);
    for (const { row, file, fromNs, toNs } of nearness.elsewhere) {
      const aheadNs = this.aheadNs(file);
      this.#elsewhere.set([fromNs - aheadNs, toNs - aheadNs], row * 2);
    }
  }

  /** Whether a file is no connection's nearest point. */
  isFar(file: number): boolean {
    return this.#aheadNs.has(file);
  }

  /** What a file's times are ahead of those by which the moment goes. */
  aheadNs(file: number): number {
    return this.#aheadNs.get(file) ?? 0;
  }

  /** As `isElsewhere`; counts it. */
  leavesOut(segment: Segment): boolean {
    const isOut = this.isElsewhere(segment);
    if (isOut) this.count++;
    return isOut;
  }

  /** Whether the segment, of the moment's file, is counted at another point. */
  isElsewhere(segment: Segment): boolean {
    const row = this.#sightings.find(segment, this.#moment.file);
    if (row < 0) return false;
    const now = this.#moment.ns[0] ?? 0;
    const from = this.#elsewhere[row * 2] ?? Number.NaN;
    return now >= from && now <= (this.#elsewhere[row * 2 + 1] ?? Number.NaN);
  }
}
