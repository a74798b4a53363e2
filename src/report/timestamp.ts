/** Times as text and back, without the clock: ISO 8601 in UTC on bigint nanoseconds since 1970. */

const NS_PER_SECOND = 1_000_000_000n;
const SECONDS_PER_DAY = 86_400n;
const NS_DIGITS = 9;

/** The Gregorian calendar repeats after 400 years of this many days. */
const ERA_YEARS = 400n;
const ERA_DAYS = 146_097n;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_SHIFT_DAYS = 719_468n;
/** March to July, and August to December, have 153 days: months counted from March are linear in days. */
const FIVE_MONTHS_DAYS = 153n;

interface CivilDate {
  readonly year: bigint;
  /** 1..12 */
  readonly month: bigint;
  /** 1..31 */
  readonly day: bigint;
}

/**
 * A moment as ISO 8601 text, `2026-11-23T10:02:11.427000Z`.
 * @param ns      nanoseconds since 1970; may be negative
 * @param digits  of the second's fraction; further ones are cut, not rounded, so that text order is time order
 * @returns years outside 0..9999 with a sign and six digits (ISO 8601 expanded form)
 */
export function formatTimestamp(ns: bigint, digits: 6 | 9): string {
  const seconds = floorDivide(ns, NS_PER_SECOND);
  const fraction = padded(ns - seconds * NS_PER_SECOND, NS_DIGITS).slice(0, digits);
  const days = floorDivide(seconds, SECONDS_PER_DAY);
  const time = seconds - days * SECONDS_PER_DAY;
  const { year, month, day } = civilFromDays(days);
  const clock = [time / 3600n, (time / 60n) % 60n, time % 60n].map((part) => padded(part, 2)).join(':');
  return `${yearText(year)}-${padded(month, 2)}-${padded(day, 2)}T${clock}.${fraction}Z`;
}

/** What formatTimestamp wrote, as nanoseconds since 1970; null where the text is none of it. */
export function parseTimestamp(text: string): bigint | null {
  const match = /^([+-]?\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => BigInt(part.replace('+', '')));
  if (year === undefined || month === undefined || day === undefined) return null;
  const days = daysFromCivil({ year, month, day });
  const time = (hour ?? 0n) * 3600n + (minute ?? 0n) * 60n + (second ?? 0n);
  return (days * SECONDS_PER_DAY + time) * NS_PER_SECOND + BigInt((match[7] ?? '').padEnd(NS_DIGITS, '0'));
}

/** Howard Hinnant's civil_from_days: years begin in March, so that the leap day is the year's last. */
function civilFromDays(sinceEpoch: bigint): CivilDate {
  const days = sinceEpoch + EPOCH_SHIFT_DAYS;
  const era = floorDivide(days, ERA_DAYS);
  const dayOfEra = days - era * ERA_DAYS;
  const yearOfEra = (dayOfEra - dayOfEra / 1460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const monthFromMarch = (5n * dayOfYear + 2n) / FIVE_MONTHS_DAYS;
  const month = monthFromMarch < 10n ? monthFromMarch + 3n : monthFromMarch - 9n;
  return {
    year: yearOfEra + era * ERA_YEARS + (month <= 2n ? 1n : 0n),
    month,
    day: dayOfYear - (FIVE_MONTHS_DAYS * monthFromMarch + 2n) / 5n + 1n,
  };
}

function daysFromCivil({ year, month, day }: CivilDate): bigint {
  const yearFromMarch = month <= 2n ? year - 1n : year;
  const era = floorDivide(yearFromMarch, ERA_YEARS);
  const yearOfEra = yearFromMarch - era * ERA_YEARS;
  const monthFromMarch = month > 2n ? month - 3n : month + 9n;
  const dayOfYear = (FIVE_MONTHS_DAYS * monthFromMarch + 2n) / 5n + day - 1n;
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_SHIFT_DAYS;
}

/** BigInt division truncates towards zero; times before 1970 need the floor. */
function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

function yearText(year: bigint): string {
  if (year >= 0n && year <= 9999n) return padded(year, 4);
  return `${year < 0n ? '-' : '+'}${padded(year < 0n ? -year : year, 6)}`;
}

function padded(value: bigint, digits: number): string {
  return value.toString().padStart(digits, '0');
}
