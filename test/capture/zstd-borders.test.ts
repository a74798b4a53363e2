import { describe, expect, it } from 'vitest';
import { ZstdBorders } from '../../src/capture/zstd-borders.ts';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const LAST = 1;
const TYPE = { raw: 0, run: 1, packed: 2 } as const;

function block(type: number, size: number, last = 0): number[] {
  const header = (size << 3) | (type << 1) | last;
  const content = Array.from({ length: type === TYPE.run ? 1 : size }, () => 0x28);
  return [header & 255, (header >> 8) & 255, header >> 16, ...content];
}

/** Of these lengths of what is given byte by byte, those at which whole frames end. */
function bordersOf(bytes: readonly number[]): number[] {
  const borders = new ZstdBorders();
  return bytes.flatMap((byte, at) => {
    borders.look(Uint8Array.of(byte));
    return borders.isAtBorder ? [at + 1] : [];
  });
}

describe('where frames of zstd end (RFC 8878 §3.1)', () => {
  const blocks = [...block(TYPE.raw, 5), ...block(TYPE.run, 70_000), ...block(TYPE.packed, 300, LAST)];
  const sizes = [0, 2, 4, 8];
  const headers = sizes.flatMap((size, sizeCode) =>
    [0, 1, 2, 4].flatMap((dictionary, dictionaryCode) => [
      { descriptor: (sizeCode << 6) | dictionaryCode, rest: 1 + dictionary + size },
      { descriptor: (sizeCode << 6) | 0x20 | dictionaryCode, rest: dictionary + Math.max(1, size) },
    ]),
  );

  it.each(headers)('behind a header of descriptor $descriptor', ({ descriptor, rest }) => {
    const header = [...MAGIC, descriptor, ...Array.from({ length: rest }, () => 0xff)];
    const frame = [...header, ...blocks];
    expect(bordersOf([...frame, ...frame])).toEqual([frame.length, 2 * frame.length]);
  });

  it('behind a checksum, where there is one', () => {
    const frame = [...MAGIC, 0x04, 0x58, ...blocks, 1, 2, 3, 4];
    expect(bordersOf(frame)).toEqual([frame.length]);
  });

  it('behind frames that are skipped, empty ones too', () => {
    const skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 7, 7, 7];
    const empty = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    const frame = [...MAGIC, 0, 0x58, ...block(TYPE.raw, 0, LAST)];
    expect(bordersOf([...skipped, ...empty, ...frame])).toEqual([11, 19, 19 + frame.length]);
  });

  it('nowhere behind what is no frame', () => {
    const frame = [...MAGIC, 0, 0x58, ...block(TYPE.raw, 0, LAST)];
    expect(bordersOf([...frame, 0x41, 0x41, 0x41, 0x41, 0x41, ...frame])).toEqual([frame.length]);
  });
});
