import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { payloadSeq, segmentBytes, seqAdd, seqAhead, seqDiff } from '../../src/tcp/sequence.ts';

test('the distance from 0xFFFFFFFF to 0 is 1, not 0', () => {
  expect(seqDiff(0xffffffff | 0, 0)).toBe(1);
  expect(seqDiff(0, 0xffffffff | 0)).toBe(-1);
  expect(seqDiff(2 ** 31 - 1, -(2 ** 31))).toBe(1);
  expect(seqDiff(-(2 ** 31), 2 ** 31 - 1)).toBe(-1);
});

test('a distance across the wrap counts every number', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (from, distance) => {
      expect(seqDiff(from, seqAdd(from, distance))).toBe(distance);
    }),
  );
});

test('a distance known to be forward is exact up to 2^32 - 1', () => {
  expect(seqAhead(5, 4)).toBe(2 ** 32 - 1);
  expect(seqAhead(0x7fffffff, 0x80000000 | 0)).toBe(1);
});

test('SYN and FIN take one number each (RFC 9293 §3.3.1), and payload follows the SYN', () => {
  const segment = Object.assign(new Segment(), { seq: -1, flags: FLAG.syn | FLAG.fin, payloadBytes: 3 });
  expect(segmentBytes(segment)).toBe(5);
  expect(payloadSeq(segment)).toBe(0);
  segment.flags = FLAG.ack | FLAG.rst | FLAG.psh;
  expect(segmentBytes(segment)).toBe(3);
  expect(payloadSeq(segment)).toBe(-1);
});
