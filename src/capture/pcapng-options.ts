import { OPTION, OPTION_HEAD_BYTES, OPTION_LENGTH, padded } from './pcapng-layout.ts';

/** Where an option's value stands. */
export interface OptionValue {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Finds the first option of a kind among those in [at, end) of a block (draft-ietf-opsawg-pcapng §3.5).
 * @returns undefined where there is none before the end of options, or the options are cut or lie about their length
 */
export function findOption(
  view: DataView,
  at: number,
  end: number,
  littleEndian: boolean,
  code: number,
): OptionValue | undefined {
  let option = at;
  while (option + OPTION_HEAD_BYTES <= end) {
    const found = view.getUint16(option, littleEndian);
    const bytes = view.getUint16(option + OPTION_LENGTH, littleEndian);
    const value = option + OPTION_HEAD_BYTES;
    if (found === OPTION.end || value + bytes > end) return undefined;
    if (found === code) return { at: value, bytes };
    option = value + padded(bytes);
  }
  return undefined;
}

/** An option's value as an unsigned 64-bit number; a double, since counters stay below 2^53. Undefined where it is absent or shorter. */
export function counterOption(
  view: DataView,
  at: number,
  end: number,
  littleEndian: boolean,
  code: number,
): number | undefined {
  const option = findOption(view, at, end, littleEndian, code);
  if (option === undefined || option.bytes < BigUint64Array.BYTES_PER_ELEMENT) return undefined;
  return Number(view.getBigUint64(option.at, littleEndian));
}
