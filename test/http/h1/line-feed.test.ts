import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endOfHead, findLineFeed } from '../../../src/http/h1/line-feed.ts';
import { latin1 } from '../../build/hpack.ts';

/** Bytes that a search by the word may mistake: those beside LF, and those with their top bit set. */
const bytes = fc.array(fc.constantFrom(0x09, 0x0a, 0x0b, 0x0d, 0x00, 0x80, 0x8a, 0xff, 0x41), { maxLength: 24 });

test('property: a line feed is found where a search byte by byte finds it, whatever stands around it', () => {
  fc.assert(
    fc.property(bytes, fc.nat(5), (list, at) => {
      const all = Uint8Array.from([...list, 0x0a]);
      const from = Math.min(at, list.length);
      const found = list.indexOf(0x0a, from);
      expect(findLineFeed(new DataView(all.buffer), from, list.length)).toBe(found);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a\r\n\r\nb', 5],
  ['a\n\nb', 3],
  ['a\r\n\nb', 4],
  ['a\n\r\nb', 4],
  ['a\r\n\r', 0],
  ['a\r\nb\r\n', 0],
  ['\r\r\n\r\n', 5],
])('the end of the head %j is at %i', (text, end) => {
  const all = latin1(text);
  expect(endOfHead(new DataView(all.buffer, all.byteOffset, all.length), 0, all.length)).toBe(end);
});
