import { zipSync, type Zippable } from 'fflate';

export interface ZippedFile {
  /** ASCII. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BEST_COMPRESSION = 9;
/** PKWARE APPNOTE §4.4.2: 3 is UNIX, whose permissions stand in the upper half of the attributes. */
const UNIX = 3;
const PLAIN_FILE_ATTRIBUTES: number = 0o100_644 * 2 ** 16;
/** §4.4.6: a date of MS-DOS. */
const FIRST_YEAR = 1980;
const LAST_YEAR = 2099;

/**
 * The archive of some files, each deflated, below 4 GB together: the same bytes for the same files.
 * @param epochSeconds  the time that each file gets, since 1970, in UTC; ZIP has no zones, and nothing before 1980
 */
export function zipped(files: readonly ZippedFile[], epochSeconds: number): Uint8Array {
  const entries = files.map(({ name, bytes }): [string, Zippable[string]] => [name, bytes]);
  return zipSync(Object.fromEntries(entries), {
    level: BEST_COMPRESSION,
    os: UNIX,
    attrs: PLAIN_FILE_ATTRIBUTES,
    mtime: clockOf(epochSeconds),
  });
}

/**
 * The library writes a date's local fields: here these are what UTC shows, so that an archive does not tell where it was made. The hour that
 * a zone leaves out in spring is the one that cannot be said there.
 */
function clockOf(epochSeconds: number): Date {
  const at = new Date(epochSeconds * 1000);
  const year = at.getUTCFullYear();
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) return new Date(FIRST_YEAR, 0, 1);
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()] as const;
  return new Date(year, at.getUTCMonth(), at.getUTCDate(), ...time);
}
