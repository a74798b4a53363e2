import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RANK, RANKS, THINNINGS } from '../../../src/report/extract/rank.ts';
import { ExtractRoom, type HeldPacket } from '../../../src/report/extract/room.ts';

const HEADERS = 54;

function packet(number: number, rank: number, payload: number): HeldPacket {
  const bytes = new Uint8Array(HEADERS + payload).fill(number);
  const place = { file: 0, packet: number, vantage: 0, linkType: 1, epochNs: 0n, comment: null, isShortened: false };
  return { ...place, rank, headerBytes: HEADERS, originalBytes: bytes.length, bytes };
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
      packet(2, RANK.involved + 7, 900),
      packet(3, RANK.involved, 900),
      packet(4, RANK.leg, 900),
      packet(5, RANK.other, 900),
    ];
    expect(kept(4400, packets())).toEqual(['1: 954', '2: 954', '3: 954', '4: 954', '5: 54']);
    expect(kept(4150, packets())).toEqual(['1: 954', '2: 954', '3: 954', '4: 954']);
    expect(kept(3200, packets())).toEqual(['1: 954', '2: 954', '3: 954', '4: 54']);
    expect(kept(2200, packets())).toEqual(['1: 954', '2: 54', '3: 954']);
    expect(kept(1300, packets())).toEqual(['1: 954', '2: 54', '3: 54']);
    expect(kept(1150, packets())).toEqual(['1: 954', '3: 54']);
  });

  test('a packet without more payload than a frame or two is not worth shortening', () => {
    expect(kept(400, [packet(1, RANK.involved, 64), packet(2, RANK.anchor, 300)])).toEqual(['1: 118', '2: 54']);
  });

  test('what a rank lost it has lost for packets to come, too', () => {
    const packets = [packet(1, RANK.involved, 900), packet(2, RANK.anchor, 900), packet(3, RANK.involved, 900)];
    expect(kept(1500, packets)).toEqual(['1: 54', '2: 954', '3: 54']);
  });

  test('counts what it left out, by level, and says what it shortened', () => {
    const room = new ExtractRoom(1500);
    for (const each of [packet(1, RANK.other, 900), packet(2, RANK.involved, 1200), packet(3, RANK.other, 10)])
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
          const large = ofRank.filter((each) => (whole.get(each.packet) ?? 0) > HEADERS + 64);
          const cut = large.filter((each) => each.bytes.length === HEADERS);
          expect([0, large.length]).toContain(cut.length);
        }
      }),
    );
  });
});

test('every rank loses its payload and then its packets, and what the report names is last to go', () => {
  for (let rank = 0; rank < RANKS; rank++)
    expect(THINNINGS.filter((thinning) => thinning.rank === rank).map(({ to }) => to)).toEqual(['headers', 'nothing']);
  expect(THINNINGS.at(-1)).toEqual({ rank: RANK.anchor, to: 'nothing' });
});
