import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RANK, RANKS, THINNINGS } from '../../../src/report/extract/rank.ts';
import { ExtractRoom, type HeldPacket } from '../../../src/report/extract/room.ts';

const HEADERS = 54;
/** What tells the frames of a payload. */
const FRAMES = 40;

function packet(number: number, rank: number, payload: number): HeldPacket {
  const bytes = new Uint8Array(HEADERS + payload).fill(number);
  const place = { file: 0, packet: number, vantage: 0, linkType: 1, epochNs: 0n, comment: null, isShortened: false };
  return {
    ...place,
    rank,
    headerBytes: HEADERS,
    frameBytes: HEADERS + Math.min(payload, FRAMES),
    originalBytes: bytes.length,
    capturedBytes: bytes.length,
    bytes,
  };
}

/** Numbers and lengths of what is left of all that was offered. */
function kept(maxBytes: number, packets: readonly HeldPacket[]): string[] {
  const room = new ExtractRoom(maxBytes);
  for (const each of packets) if (room.takes(each.rank)) room.add(each);
  return room.upTo(2).map((each) => `${each.packet}: ${each.bytes.length}`);
}

describe('the room of an extract', () => {
  test('keeps all packets whole, in their order, as long as they fit', () => {
    const packets = [packet(1, RANK.other, 900), packet(2, RANK.anchor, 900), packet(3, RANK.leg, 0)];
    expect(kept(10_000, packets)).toEqual(['1: 954', '2: 954', '3: 54']);
  });

  test('takes the payload of what tells least first, then those packets, then what tells more', () => {
    const packets = (): HeldPacket[] => [
      packet(1, RANK.anchor, 900),
      packet(2, RANK.around + 4, 900),
      packet(3, RANK.within, 900),
      packet(4, RANK.leg, 900),
      packet(5, RANK.other, 900),
    ];
    expect(kept(4400, packets())).toEqual(['1: 954', '2: 954', '3: 954', '4: 954', '5: 54']);
    expect(kept(4150, packets())).toEqual(['1: 954', '2: 954', '3: 954', '4: 954']);
    expect(kept(3200, packets())).toEqual(['1: 954', '2: 954', '3: 954', '4: 54']);
    // Its frames, and so much of the data behind them that they are known again on another leg.
    expect(kept(2600, packets())).toEqual(['1: 954', '2: 414', '3: 954']);
    expect(kept(2100, packets())).toEqual(['1: 954', '2: 414', '3: 414']);
    expect(kept(1500, packets())).toEqual(['1: 954', '2: 94', '3: 94']);
    expect(kept(1200, packets())).toEqual(['1: 954', '3: 94']);
    expect(kept(1150, packets())).toEqual(['1: 954', '3: 54']);
    expect(kept(700, packets())).toEqual(['1: 414', '3: 54']);
    expect(kept(300, packets())).toEqual(['1: 94', '3: 54']);
    expect(kept(200, packets())).toEqual(['1: 94']);
    expect(kept(100, packets())).toEqual([]);
  });

  test('a packet without more payload than a frame or two keeps it to the last', () => {
    expect(kept(400, [packet(1, RANK.within, FRAMES), packet(2, RANK.anchor, 300)])).toEqual(['1: 94', '2: 94']);
  });

  test('what a rank lost it has lost for packets to come, too', () => {
    const packets = [packet(1, RANK.within, 900), packet(2, RANK.anchor, 900), packet(3, RANK.within, 900)];
    expect(kept(1350, packets)).toEqual(['1: 94', '2: 954', '3: 94']);
  });

  test('counts what it left out, by level, and says what it shortened', () => {
    const room = new ExtractRoom(1500);
    for (const each of [packet(1, RANK.other, 900), packet(2, RANK.within, 1200), packet(3, RANK.other, 10)])
      if (room.takes(each.rank)) room.add(each);
    expect(room.leftOut).toEqual({ 0: 0, 1: 0, 2: 2 });
    expect(room.upTo(2).map(({ isShortened }) => isShortened)).toEqual([false]);
  });

  test('never holds more than its bound, and of a rank all are treated alike, whatever comes in whatever order', () => {
    const offered = fc.array(fc.tuple(fc.nat(RANKS - 1), fc.nat(1400)), { maxLength: 60 });
    fc.assert(
      fc.property(offered, fc.integer({ min: 0, max: 30_000 }), (pairs, maxBytes) => {
        const room = new ExtractRoom(maxBytes);
        const packets = pairs.map(([rank, payload], i) => packet(i + 1, rank, payload));
        const whole = new Map(packets.map((each) => [each.packet, each.bytes.length]));
        for (const each of packets) if (room.takes(each.rank)) room.add(each);
        const held = room.upTo(2);
        expect(held.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(maxBytes);
        for (const rank of new Set(packets.map((each) => each.rank))) {
          const offeredOfRank = packets.filter((each) => each.rank === rank).length;
          const ofRank = held.filter((each) => each.rank === rank);
          expect([0, offeredOfRank]).toContain(ofRank.length);
          // Those with a payload of the same length have the same left of it.
          const left = new Set(ofRank.map((each) => `${whole.get(each.packet) ?? 0} ${each.bytes.length}`));
          expect(left.size).toBe(new Set(ofRank.map((each) => whole.get(each.packet))).size);
        }
      }),
    );
  });
});

test('every rank loses its payload before its packets, less and less of it stays, and what the report names is last to go', () => {
  const order = ['start', 'frames', 'headers', 'nothing'];
  for (let rank = 0; rank < RANKS; rank++) {
    const fates = THINNINGS.filter((thinning) => thinning.rank === rank).map(({ to }) => to);
    expect(fates).toEqual(order.filter((fate) => fates.some((each) => each === fate)));
    expect([fates.length > 1, fates.at(-1)]).toEqual([true, 'nothing']);
  }
  expect(THINNINGS.at(-1)).toEqual({ rank: RANK.anchor, to: 'nothing' });
});
