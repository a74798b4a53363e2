import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inflateStart } from '../../src/http/inflate.ts';
import { costRatio } from '../build/growth.ts';
import { latin1 } from '../build/hpack.ts';

function started(bytes: Uint8Array, maxBytes: number): Uint8Array {
  // It lies somewhere inside a block.
  const block = new Uint8Array(bytes.length + 7).fill(0xff);
  block.set(bytes, 3);
  return inflateStart(new DataView(block.buffer), 3, 3 + bytes.length, maxBytes);
}

function deflated(bytes: Uint8Array, options: ZlibOptions): Uint8Array {
  return Uint8Array.from(deflateRawSync(bytes, options));
}

const KINDS: readonly ZlibOptions[] = [
  { level: 0 },
  { level: 1 },
  { level: 9 },
  { strategy: constants.Z_FIXED },
  { strategy: constants.Z_HUFFMAN_ONLY },
  { strategy: constants.Z_RLE },
];
const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .array(fc.constantFrom('reason', 'Status', '{"kind":', 'x'.repeat(300), '\n'), { maxLength: 300 })
    .map((words) => latin1(words.join(''))),
);

test('property: what zlib deflates in any way is inflated, up to so many bytes', () => {
  fc.assert(
    fc.property(content, fc.constantFrom(...KINDS), fc.integer({ min: 1, max: 4000 }), (bytes, options, maxBytes) => {
      expect(started(deflated(bytes, options), maxBytes)).toEqual(bytes.subarray(0, maxBytes));
    }),
  );
});

test('property: of a cut stream the start comes out', () => {
  fc.assert(
    fc.property(
      content,
      fc.constantFrom(...KINDS),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (bytes, options, share) => {
        const coded = deflated(bytes, options);
        const start = started(coded.subarray(0, Math.floor(share * coded.length)), 4000);
        expect(start).toEqual(bytes.subarray(0, start.length));
      },
    ),
  );
});

test('property: no bytes throw, and no more comes out than is asked for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 100 }), (bytes, maxBytes) => {
      expect(started(bytes, maxBytes).length).toBeLessThanOrEqual(maxBytes);
    }),
    { numRuns: 2000 },
  );
});

test('a stream that makes a thousand times as much is no more work than what is asked for', () => {
  const read = (stream: Uint8Array): void => expect(started(stream, 1024)).toEqual(new Uint8Array(1024));
  const short = deflated(new Uint8Array(50_000), { level: 9 });
  const bomb = deflated(new Uint8Array(50_000_000), { level: 9 });
  const ratio = costRatio(
    () => read(bomb),
    () => read(short),
  );
  // Whole, it would take hundreds of times as long.
  expect(ratio).toBeLessThan(30);
});

/** Bits in the order in which deflate packs them: numbers from their lowest one on. */
class BitWriter {
  readonly bytes: number[] = [];
  #bits = 0;

  number(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) {
      if (this.#bits % 8 === 0) this.bytes.push(0);
      const last = this.bytes.pop() ?? 0;
      this.bytes.push(last | (((value >> bit) & 1) << (this.#bits % 8)));
      this.#bits++;
    }
  }
}

/** The order in which the lengths of the code length code stand, up to that of 1; only 1 (as 0) and 18, more zeros (as 1), have one. */
const LENGTHS_CODE = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1];
const MORE_ZEROS_LEAST = 11;

/** A dynamic block in which few symbols have a code, of one bit: 256, the end, and 255 where it is said once before. */
function tinyBlock(bits: BitWriter, isLast: boolean, isEmpty: boolean): void {
  for (const [value, count] of [
    [isLast ? 1 : 0, 1],
    [2, 2],
    [0, 5],
    [0, 5],
    [LENGTHS_CODE.length - 4, 4],
  ] as const)
    bits.number(value, count);
  for (const symbol of LENGTHS_CODE) bits.number(symbol === 18 || symbol === 1 ? 1 : 0, 3);
  for (const zeros of [138, isEmpty ? 118 : 117]) {
    bits.number(1, 1);
    bits.number(zeros - MORE_ZEROS_LEAST, 7);
  }
  const coded = isEmpty ? 1 : 2;
  for (let n = 0; n < coded + 1; n++) bits.number(0, 1);
  for (let n = 0; n < coded; n++) bits.number(n, 1);
}

function ofTinyBlocks(count: number, isEmpty: boolean): Uint8Array {
  const bits = new BitWriter();
  for (let n = 1; n <= count; n++) tinyBlock(bits, n === count, isEmpty);
  return Uint8Array.from(bits.bytes);
}

test('blocks that each bring codes of their own are read', () => {
  const coded = ofTinyBlocks(80, false);
  expect(Uint8Array.from(inflateRawSync(coded))).toEqual(new Uint8Array(80).fill(255));
  expect(started(coded, 1024)).toEqual(new Uint8Array(80).fill(255));
});

test('what stands behind codes for nothing is not read: no coder writes that, and reading them is all of the work', () => {
  const nothing = new BitWriter();
  tinyBlock(nothing, false, true);
  tinyBlock(nothing, true, false);
  const coded = Uint8Array.from(nothing.bytes);
  expect(inflateRawSync(coded)).toHaveLength(1);
  expect(started(coded, 1024)).toHaveLength(0);
});

test('a fixed block without content, with which coders flush, ends nothing', () => {
  const flushed = new BitWriter();
  for (const [value, count] of [
    [0, 1],
    [1, 2],
    [0, 7],
  ] as const)
    flushed.number(value, count);
  tinyBlock(flushed, true, false);
  expect(started(Uint8Array.from(flushed.bytes), 1024)).toEqual(Uint8Array.of(255));
});

test('a kilobyte of tiny blocks takes a fraction of a millisecond', () => {
  const coded = ofTinyBlocks(88, false);
  const seconds = Array.from({ length: 5 }, () => {
    const from = process.cpuUsage().user;
    for (let n = 0; n < 200; n++) started(coded, 1024);
    return (process.cpuUsage().user - from) / 1e6;
  });
  // With lists that are sorted, each takes about a millisecond.
  expect(Math.min(...seconds)).toBeLessThan(0.08);
});
