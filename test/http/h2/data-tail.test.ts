import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataTails, TAIL_UNKNOWN } from '../../../src/http/index.ts';
import { concat, data, frame, TYPE, headers, ping, PREFACE, settings } from '../../build/h2.ts';

/** What is told of each segment: how many of its bytes come before the last frame's data; null where that is not known. */
function tails(segments: readonly Uint8Array[], known = new DataTails()): (number | null)[] {
  return segments.map((bytes) => {
    // Not at the view's beginning, as in a block.
    const view = new DataView(new ArrayBuffer(bytes.length + 7));
    new Uint8Array(view.buffer).set(bytes, 7);
    const tail = known.bytes(3, 1, view, 7, 7 + bytes.length);
    return tail === TAIL_UNKNOWN ? null : tail - 7;
  });
}

const HEAD = 9;
const block = Uint8Array.of(0x88);

describe('what lies behind the last frame header of a packet', () => {
  test('is data, where the last frame is DATA, whether it ends there or goes on', () => {
    const answer = concat(headers(1, block), data(1, 'x'.repeat(100)));
    expect(tails([answer])).toEqual([HEAD + 1 + HEAD]);
    expect(tails([answer.subarray(0, 50), answer.subarray(50)])).toEqual([null, null]);
    expect(tails([settings(), answer.subarray(0, 50), answer.subarray(50)])).toEqual([9, HEAD + 1 + HEAD, 0]);
  });

  test('is nothing, where it is another', () => {
    const mixed = concat(data(1, 'x'.repeat(100)), headers(3, block));
    expect(tails([settings(), mixed, ping(7, 7)])).toEqual([9, mixed.length, 17]);
  });

  test('is nothing, where a header is cut: its other bytes come first in the next packet', () => {
    const frames = concat(data(1, 'abc'), data(1, 'def'));
    expect(tails([settings(), frames.subarray(0, 15), frames.subarray(15)])).toEqual([9, 15, 6]);
  });

  test('is known from the preface on, and from headers on that follow each other to the end', () => {
    expect(tails([concat(PREFACE, settings(), data(1, 'abc'))])).toEqual([24 + 9 + HEAD]);
    expect(tails([concat(ping(1, 1), ping(2, 2))])).toEqual([34]);
    expect(tails([new TextEncoder().encode('HTTP/1.1 200 OK\r\n\r\n')])).toEqual([null]);
  });

  test('is not known again after a gap, until frames follow each other', () => {
    const known = new DataTails();
    tails([settings()], known);
    expect(known.isFollowed(3, 1)).toBe(true);
    known.gap(3, 1);
    expect(known.isFollowed(3, 1)).toBe(false);
    expect(tails([Uint8Array.from({ length: 50 }, () => 0xee), ping(1, 1), data(1, 'abc')], known)).toEqual([
      null,
      17,
      9,
    ]);
  });

  test('is not known of a new connection of the same number, nor where a header cannot be one', () => {
    const known = new DataTails();
    tails([settings()], known);
    known.opened(3);
    expect(tails([data(1, 'abc').subarray(0, 11)], known)).toEqual([null]);
    expect(tails([settings(), frame(TYPE.DATA, 0, 0, new Uint8Array(8))])).toEqual([9, null]);
  });

  test('is data of one frame, byte for byte, however frames are cut into packets', () => {
    const anyFrame = fc.oneof(
      fc.nat(300).map((bytes) => ({ isData: true, bytes: data(1, 'd'.repeat(bytes)) })),
      fc.nat(80).map((bytes) => ({ isData: false, bytes: headers(1, new Uint8Array(1 + bytes)) })),
      fc.constant({ isData: false, bytes: ping(5, 5) }),
    );
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 400 })),
        (frames, sizes) => {
          // Of each byte, which frame's data it is.
          const owners = frames.flatMap(({ isData, bytes }, i) => {
            return Array.from(bytes, (_, at) => (isData && at >= HEAD ? i : -1));
          });
          const stream = concat(...frames.map(({ bytes }) => bytes));
          const segments: Uint8Array[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = Math.min(stream.length, at + (sizes[i] ?? 100));
            segments.push(stream.subarray(at, end));
            at = end;
          }
          const told = tails([settings(), ...segments]).slice(1);
          let at = 0;
          for (const [i, segment] of segments.entries()) {
            const tail = told[i] ?? -1;
            const owned = owners.slice(at, at + segment.length);
            const last = owned.at(-1) ?? -1;
            const first = last < 0 ? segment.length : owned.indexOf(last);
            // An empty DATA frame at the end is a header, and all of it is kept.
            expect(tail).toBe(first);
            at += segment.length;
          }
        },
      ),
    );
  });
});
