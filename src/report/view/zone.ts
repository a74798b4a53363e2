import type { Timestamp } from '../model.ts';
import { formatTimestamp, parseTimestamp } from '../timestamp.ts';

const NS_PER_MS = 1_000_000n;
const NS_PER_MINUTE = 60_000_000_000n;
/** What Date and Intl know ends here, on either side of 1970: in September of 275760. */
const DATE_MAX_MS = 8.64e15;
const NANOSECONDS = /\.\d{9}/;
/** `GMT`, `GMT+01:00`, `GMT-03:30`. */
const OFFSET = /^GMT(?:([+-])(\d\d):(\d\d))?/;

/** Whether this Node knows the zone: an IANA name, or an offset like `+01:00`. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Turns a UTC time into the zone's; what is no time stays. */
export function localTime(zone: string): (at: Timestamp) => Timestamp {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  const offsets = new Map<bigint, number>();
  const minutesAt = (ns: bigint): number => {
    // An offset changes at full minutes, and a capture has 10^5 times in few of them.
    const minute = ns / NS_PER_MINUTE;
    const known = offsets.get(minute);
    if (known !== undefined) return known;
    const found = offsetMinutes(format, Number(ns / NS_PER_MS));
    offsets.set(minute, found);
    return found;
  };
  return (at) => {
    const ns = parseTimestamp(at);
    if (ns === null) return at;
    const minutes = minutesAt(ns);
    const local = formatTimestamp(ns + BigInt(minutes) * NS_PER_MINUTE, NANOSECONDS.test(at) ? 9 : 6);
    return minutes === 0 ? local : `${local.slice(0, -1)}${offsetText(minutes)}`;
  };
}

/** Of a time that Date does not know the offset of the nearest one that it knows. */
function offsetMinutes(format: Intl.DateTimeFormat, ms: number): number {
  const known = Math.max(-DATE_MAX_MS, Math.min(DATE_MAX_MS, ms));
  const name = format.formatToParts(known).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign = '+', hours = '0', minutes = '0'] = OFFSET.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${part(Math.floor(size / 60))}:${part(size % 60)}`;
}
