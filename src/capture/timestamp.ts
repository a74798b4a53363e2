/**
 * The capture's time base and the span of its packets.
 *
 * Times are doubles of nanoseconds since the base: exact for 104 days on either side (2^53 ns). Seconds and fraction are
 * subtracted apart, so that no intermediate value is ever larger than the result.
 */
export class CaptureClock {
  /** Unset until the first file has told it. */
  isSet = false;
  /**
   * Base: seconds [0] and nanoseconds of the second [1]. In a typed array, since a number that looked like a small integer
   * de-optimised the walk's arithmetic as soon as the product left int32.
   */
  readonly base: Float64Array = new Float64Array(2);
  /**
   * Earliest [0] and latest [1] timeNs so far; +-Infinity before the first packet.
   * In a typed array, since the walk moves the latest once a packet: a field or a loop variable was boxed each time.
   */
  readonly spanNs: Float64Array = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);

  set(seconds: number, fractionNs: number): void {
    this.base.set([seconds, fractionNs]);
    this.isSet = true;
  }

  /** Nanoseconds since 1970 of timeNs 0. */
  get baseNs(): bigint {
    return epochNsOf({ seconds: this.base[0] ?? 0, ns: this.base[1] ?? 0 });
  }
}

/** Nanoseconds in one unit of a record's fraction field. The field is not bounded: some writers let it run past the second. */
export function fractionUnitNs(nanoseconds: boolean): number {
  return nanoseconds ? 1 : 1000;
}

/** Clocks that were never set, and times counted from a device's start, stand in the first day of 1970. */
const FIRST_PLAUSIBLE_SECONDS = 24 * 60 * 60;

/** Whether a base may stand on this timestamp: a capture whose first packet has no time must not count from 1970. */
export function isPlausibleTime(seconds: number): boolean {
  return seconds >= FIRST_PLAUSIBLE_SECONDS;
}

/** Seconds since 1970 and nanoseconds of the second; the seconds may be negative. */
export interface FileTime {
  readonly seconds: number;
  readonly ns: number;
}

/** Nanoseconds since 1970. */
export function epochNsOf({ seconds, ns }: FileTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(ns);
}
