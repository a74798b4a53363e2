import { describe, expect, test } from 'vitest';
import { GOT_BITS, hopsOf, localSideOf, SENT_BITS, senderOf } from '../../src/tcp/sighting.ts';

const SENT = [SENT_BITS, SENT_BITS << 1] as const;
const GOT = [GOT_BITS, GOT_BITS << 1] as const;

describe("the capturing host's own side", () => {
  test('is the one whose packets it sends', () => {
    expect([localSideOf(SENT[0]), localSideOf(SENT[1])]).toEqual([0, 1]);
    expect([localSideOf(SENT[0] | GOT[1]), localSideOf(SENT[1] | GOT[0])]).toEqual([0, 1]);
  });

  test('is the one that gets the packets where it was not seen to send any', () => {
    expect([localSideOf(GOT[0]), localSideOf(GOT[1])]).toEqual([1, 0]);
  });

  test('is not told where nothing was seen, or it passes on what both sides send', () => {
    expect(localSideOf(0)).toBeNull();
    expect(localSideOf(SENT[0] | SENT[1])).toBeNull();
    expect(localSideOf(GOT[0] | GOT[1])).toBeNull();
    expect(localSideOf(SENT[0] | SENT[1] | GOT[0])).toBeNull();
  });
});

test.each([
  [64, 0],
  [61, 3],
  [32, 0],
  [33, 31],
  [65, 63],
  [128, 0],
  [129, 126],
  [255, 0],
])('a packet that arrives with a TTL of %i has passed %i routers', (ttl, hops) => {
  expect(hopsOf(ttl)).toBe(hops);
});

test('without a TTL it is not known how many routers were passed', () => {
  expect(hopsOf(0)).toBeNaN();
});

test('the lowest bit of a compared packet says who sent it', () => {
  expect([senderOf(6), senderOf(7), senderOf(-2), senderOf(-1)]).toEqual([0, 1, 0, 1]);
});
