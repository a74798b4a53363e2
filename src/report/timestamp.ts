/** Times as text and back, without the clock: ISO 8601 in UTC on bigint nanoseconds since 1970. */

const NS_PER_SECOND = 1_000_000_000n;
const SECONDS_PER_DAY = 86_400n;
const NS_DIGITS = 9;

/** The Gregorian calendar repeats after 400 years of this many days. */
const ERA_YEARS = 400;
const ERA_DAYS = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_SHIFT_DAYS = 719_468;
/** March to July, and August to December, have 153 days: months counted from March are linear in days. */
const FIVE_MONTHS_DAYS = 153;

interface CivilDate {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  /** 1..31 */
  readonly day: number;
}

/**
 * A moment as ISO 8601 text, `2026-11-23T10:02:11.427000Z`.
 * @param ns      nanoseconds since 1970; may be negative
 * @param digits  of the second's fraction; further ones are cut, not rounded, so that text order is time order
 * @returns years outside 0..9999 with a sign and six digits or more (ISO 8601 expanded form); pcapng can say any of 64 bits of seconds
 */
export function formatTimestamp(ns: bigint, digits: 6 | 9): string {
  const whole = floorDivide(ns, NS_PER_SECOND);
  const fraction = padded(Number(ns - whole * NS_PER_SECOND), NS_DIGITS).slice(0, digits);
  // Only the split needs bigint: the days of any time are exact as a number.
  const days = floorDivide(whole, SECONDS_PER_DAY);
  const time = Number(whole - days * SECONDS_PER_DAY);
  const { year, month, day } = civilFromDays(Number(days));
  const clock = [Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60]
    .map((part) => padded(part, 2))
    .join(':');
  // Joined, not concatenated: a string of parts takes 250 bytes until somebody reads it, and a report has 10^5 of them.
  return [yearText(year), '-', padded(month, 2), '-', padded(day, 2), 'T', clock, '.', fraction, 'Z'].join('');
}

/** What formatTimestamp wrote, or the same with an offset like `+01:00` for `Z`, as nanoseconds since 1970; null where the text is none of it. */
export function parseTimestamp(text: string): bigint | null {
  const match = /^([+-]?\d{4,12})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(
    text,
  );
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [sign, hours = '0', minutes = '0'] = match.slice(8);
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  const days = BigInt(daysFromCivil({ year, month, day }));
  const seconds = days * SECONDS_PER_DAY + BigInt(hour * 3600 + minute * 60 + second - offset);
  return seconds * NS_PER_SECOND + BigInt((match[7] ?? '').padEnd(NS_DIGITS, '0'));
}

/** Howard Hinnant's civil_from_days: years begin in March, so that the leap day is the year's last. */
function civilFromDays(sinceEpoch: number): CivilDate {
  const days = sinceEpoch + EPOCH_SHIFT_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const dayOfEra = days - era * ERA_DAYS;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - daysBeforeYear(yearOfEra);
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / FIVE_MONTHS_DAYS);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * ERA_YEARS + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((FIVE_MONTHS_DAYS * monthFromMarch + 2) / 5) + 1,
  };
}

function daysFromCivil({ year, month, day }: CivilDate): number {
  const yearFromMarch = month <= 2 ? year - 1 : year;
  const era = Math.floor(yearFromMarch / ERA_YEARS);
  const monthFromMarch = month > 2 ? month - 3 : month + 9;
  const dayOfYear = Math.floor((FIVE_MONTHS_DAYS * monthFromMarch + 2) / 5) + day - 1;
  return era * ERA_DAYS + daysBeforeYear(yearFromMarch - era * ERA_YEARS) + dayOfYear - EPOCH_SHIFT_DAYS;
}

/** Days of an era before its year, which is 0..399 and begins in March. */
function daysBeforeYear(yearOfEra: number): number {
  return yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
}

/** BigInt division truncates towards zero; times before 1970 need the floor. */
function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return padded(year, 4);
  return `${year < 0 ? '-' : '+'}${padded(Math.abs(year), 6)}`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
