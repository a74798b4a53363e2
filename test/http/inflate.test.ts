import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib';
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
