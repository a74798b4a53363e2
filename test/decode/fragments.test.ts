import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FRAGMENTED_PACKETS_MAX } from '../../src/decode/fragments.ts';
import { Decoder, STOP_NAMES } from '../../src/decode/index.ts';
import { ETHER_TYPE, ethernet, icmp, ipv4, PROTOCOL, udp, vxlan } from '../build/layers.ts';
import { tcpPacket } from '../build/packet.ts';
import { LINKTYPE } from '../build/pcap.ts';

const SECOND_NS = 1_000_000_000;
const TEXT = 'The quick brown fox jumps over the lazy dog';
const WHOLE = tcpPacket({ from: '10.9.1.2:49739', to: '10.9.0.2:80', seq: 5, payload: TEXT, link: 'RAW' });
const WHOLE_V6 = tcpPacket({ from: '[2001:db8::1]:49739', to: '[2001:db8::2]:80', payload: TEXT, link: 'RAW' });

/** A decoder whose packets are given one after the other, a second apart; what it tells comes back as text. */
class Reader {
  readonly late: string[] = [];
  readonly moment = new Moment();
  readonly decoder = new Decoder(this.moment, (segment, view) => {
    const { packet } = this.moment;
    this.late.push(
      `#${packet} at ${(this.moment.ns[0] ?? 0) / SECOND_NS} s: ${segment.srcPort} ${textOf(view, segment)}`,
    );
  });

  /** @returns the stop code's name, and the payload where there is a segment */
  read(bytes: readonly number[] | Uint8Array, originalBytes: number = bytes.length, atNs?: number): string {
    this.moment.packet++;
    this.moment.ns[0] = atNs ?? this.moment.packet * SECOND_NS;
    const frame = Uint8Array.from([...Array(16).fill(0x5a), ...bytes, ...Array(16).fill(0x5a)]);
    const view = new DataView(frame.buffer);
    const stop = this.decoder.decode(view, 16, 16 + bytes.length, originalBytes, LINKTYPE.RAW);
    const { segment, reassembled } = this.decoder;
    const name = STOP_NAMES[stop] ?? '';
    if (name === 'none') return textOf(view, segment);
    return name === 'reassembled' ? `joined: ${textOf(reassembled, segment)}` : name;
  }
}

function textOf(view: DataView, { payloadAt, payloadEnd }: { payloadAt: number; payloadEnd: number }): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, payloadAt, payloadEnd - payloadAt));
}

/** IPv4 fragments of a packet, cut at the given offsets of its payload. */
function pieces(whole: Uint8Array, cuts: readonly number[], id = 7): Uint8Array[] {
  const header = whole.subarray(0, 20);
  const payload = whole.subarray(20);
  return [0, ...cuts].map((from, index) => {
    const to = cuts[index] ?? payload.length;
    const piece = Uint8Array.from([...header, ...payload.subarray(from, to)]);
    const view = new DataView(piece.buffer);
    view.setUint16(2, piece.length);
    view.setUint16(4, id);
    view.setUint16(6, (from / 8) | (to < payload.length ? 0x2000 : 0));
    return piece;
  });
}

/** The same of IPv6. */
function piecesV6(whole: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const payload = whole.subarray(40);
  return [0, ...cuts].map((from, index) => {
    const to = cuts[index] ?? payload.length;
    const place = from | (to < payload.length ? 1 : 0);
    const fragment = [6, 0, place >> 8, place & 0xff, 0, 0, 0, 9];
    const piece = Uint8Array.from([...whole.subarray(0, 40), ...fragment, ...payload.subarray(from, to)]);
    piece[6] = 44;
    new DataView(piece.buffer).setUint16(4, piece.length - 40);
    return piece;
  });
}

describe('fragments', () => {
  it('make a packet, which stands at the last of them', () => {
    const reader = new Reader();
    expect(pieces(WHOLE, [24, 40]).map((piece) => reader.read(piece))).toEqual([
      'fragmentHeld',
      'fragmentHeld',
      `joined: ${TEXT}`,
    ]);
    expect(reader.decoder.segment).toMatchObject({ srcPort: 49739, seq: 5, ipId: 7, payloadBytes: TEXT.length });
    reader.decoder.finish();
    expect([reader.late, reader.decoder.lostFragments]).toEqual([[], 0]);
  });

  it('of IPv6, too', () => {
    const reader = new Reader();
    expect(
      piecesV6(WHOLE_V6, [16, 32])
        .map((piece) => reader.read(piece))
        .at(-1),
    ).toBe(`joined: ${TEXT}`);
  });

  it('in any order, some of them twice', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), fc.nat({ max: 4 }), (order, twice) => {
        const reader = new Reader();
        const parts = pieces(WHOLE, [8, 16, 32, 48]);
        const read = [twice, ...order].map((index) => reader.read(parts[index] ?? []));
        expect(read.filter((line) => line.startsWith('joined'))).toEqual([`joined: ${TEXT}`]);
      }),
    );
  });

  it('of several packets at one time are kept apart', () => {
    const reader = new Reader();
    const [a1 = [], a2 = []] = pieces(WHOLE, [24], 1);
    const [b1 = [], b2 = []] = pieces(WHOLE, [32], 2);
    expect([a1, b1, b2, a2].map((piece) => reader.read(piece))).toEqual([
      'fragmentHeld',
      'fragmentHeld',
      `joined: ${TEXT}`,
      `joined: ${TEXT}`,
    ]);
  });

  it('that overlap: the bytes that came first stay', () => {
    const reader = new Reader();
    const [first = new Uint8Array()] = pieces(WHOLE, [40]);
    const [, second = new Uint8Array()] = pieces(WHOLE, [32]);
    const changed = second.slice().fill(0x78, 20);
    reader.read(first);
    const end = 'x'.repeat(TEXT.length - 20);
    expect(reader.read(changed)).toBe(`joined: ${TEXT.slice(0, 20)}${end}`);
  });

  it('cut by the snap length make a packet that is cut where the first of them is', () => {
    const reader = new Reader();
    const [first = new Uint8Array(), second = new Uint8Array()] = pieces(WHOLE, [40]);
    reader.read(first.subarray(0, 50), first.length);
    expect(reader.read(second)).toBe(`joined: ${TEXT.slice(0, 10)}`);
    expect(reader.decoder.segment.payloadBytes).toBe(TEXT.length);
  });

  it('of a tunnel: the packet inside is found', () => {
    const inner = ethernet(ETHER_TYPE.ipv4, WHOLE);
    const outer = Uint8Array.from(ipv4(PROTOCOL.udp, udp(1, 4789, vxlan(5, inner))));
    const reader = new Reader();
    expect(pieces(outer, [48]).map((piece) => reader.read(piece))).toEqual(['fragmentHeld', `joined: ${TEXT}`]);
    expect(reader.decoder.segment).toMatchObject({ tunnels: 1, tunnelId: 5 });
  });

  it('in fragments', () => {
    const reader = new Reader();
    const stops = pieces(WHOLE, [32]).flatMap((piece, index) =>
      pieces(Uint8Array.from(ipv4(PROTOCOL.ipv4, piece)), [24], 100 + index).map((part) => reader.read(part)),
    );
    expect(stops).toEqual(['fragmentHeld', 'fragmentHeld', 'fragmentHeld', `joined: ${TEXT}`]);
  });

  it('within fragments are joined, though the outer packet gives up its place for the inner one', () => {
    const text = TEXT.repeat(10);
    const whole = tcpPacket({ from: '10.9.1.2:49739', to: '10.9.0.2:80', payload: text, link: 'RAW' });
    const reader = new Reader();
    // The second inner fragment comes first, and is longer than its offset: in place it would run over itself.
    const tunnelled = pieces(whole, [64], 9).map((inner) => Uint8Array.from(ipv4(PROTOCOL.ipv4, inner)));
    const outer = tunnelled.toReversed().flatMap((packet, i) => pieces(packet, [48], i + 1));
    expect(outer.map((piece) => reader.read(piece)).at(-1)).toBe(`joined: ${text}`);
    expect(reader.decoder.lostFragments).toBe(0);
  });

  it('of another protocol are joined to be named', () => {
    const reader = new Reader();
    const datagram = Uint8Array.from(ipv4(PROTOCOL.udp, udp(1, 2, Array(30).fill(1))));
    expect(pieces(datagram, [16]).map((piece) => reader.read(piece))).toEqual(['fragmentHeld', 'udp']);
    const error = Uint8Array.from(ipv4(PROTOCOL.icmp, icmp(3, 1, 0, WHOLE)));
    expect(pieces(error, [16]).map((piece) => reader.read(piece))).toEqual(['fragmentHeld', 'icmpQuote']);
    expect(reader.decoder.quoted).toMatchObject({ srcPort: 49739, seq: 5 });
  });
});

describe('fragments of a packet that never becomes whole', () => {
  it('the first tells its segment in the end, at its own place', () => {
    const reader = new Reader();
    const [first = [], , last = []] = pieces(WHOLE, [40, 48]);
    reader.read(first);
    reader.read(last);
    expect(reader.late).toEqual([]);
    reader.decoder.finish();
    expect(reader.late).toEqual([`#1 at 1 s: 49739 ${TEXT.slice(0, 20)}`]);
    expect([reader.decoder.lostFragments, reader.moment.packet, reader.moment.ns[0]]).toEqual([1, 2, 2 * SECOND_NS]);
  });

  it('without the first are counted', () => {
    const reader = new Reader();
    for (const piece of pieces(WHOLE, [40, 48]).slice(1)) reader.read(piece);
    reader.decoder.finish();
    expect([reader.late, reader.decoder.lostFragments]).toEqual([[], 2]);
  });

  it('are given up after 30 s, when the next fragment comes', () => {
    const reader = new Reader();
    const [first = [], second = []] = pieces(WHOLE, [40]);
    reader.read(first, first.length, 0);
    expect(reader.read(second, second.length, 30 * SECOND_NS + 1)).toBe('fragmentHeld');
    expect(reader.late).toEqual([`#1 at 0 s: 49739 ${TEXT.slice(0, 20)}`]);
  });

  it('are waited for as long', () => {
    const reader = new Reader();
    const [first = [], second = []] = pieces(WHOLE, [40]);
    reader.read(first, first.length, 0);
    expect(reader.read(second, second.length, 30 * SECOND_NS)).toBe(`joined: ${TEXT}`);
  });

  it('give way to others, the oldest first, where more than a named number wait', () => {
    const reader = new Reader();
    const start = (id: number) => reader.read(pieces(WHOLE, [40], id)[0] ?? [], 60, id);
    const ids = Array.from({ length: FRAGMENTED_PACKETS_MAX }, (_, id) => id);
    expect(ids.map(start).filter((stop) => stop !== 'fragmentHeld')).toEqual([]);
    expect(reader.late).toHaveLength(0);
    start(500);
    expect(reader.late.map((line) => line.slice(0, 2))).toEqual(['#1']);
    reader.decoder.finish();
    expect(reader.late).toHaveLength(FRAGMENTED_PACKETS_MAX + 1);
  });
});

describe('fragments that cannot be', () => {
  it('beyond the largest packet are not kept; a first one is read as far as it goes', () => {
    const reader = new Reader();
    expect(reader.read(ipv4(PROTOCOL.tcp, Array(16).fill(0), { offset: 65_528 }))).toBe('ipFragment');
    expect(reader.decoder.lostFragments).toBe(1);
    const [first = new Uint8Array()] = pieces(WHOLE, [40]);
    const huge = first.slice();
    new DataView(huge.buffer).setUint16(2, 0);
    expect(reader.read(huge, 70_000)).toBe(`joined: ${TEXT.slice(0, 20)}`);
    expect(reader.decoder.lostFragments).toBe(1);
  });

  it('that are no whole units are used as far as they are (as Linux does)', () => {
    const reader = new Reader();
    const [first = new Uint8Array()] = pieces(WHOLE, [40]);
    const uneven = first.slice(0, 57);
    new DataView(uneven.buffer).setUint16(2, 57);
    const [, second = []] = pieces(WHOLE, [32]);
    reader.read(uneven);
    expect(reader.read(second)).toBe(`joined: ${TEXT}`);
  });

  it('with no payload before others, and with an end before others', () => {
    const reader = new Reader();
    expect(reader.read(ipv4(PROTOCOL.tcp, [], { more: true }))).toBe('ipFragment');
    expect(reader.read(ipv4(PROTOCOL.tcp, [], { offset: 8 }))).toBe('fragmentHeld');
  });

  it('of any kind never throw, and never place a payload outside', () => {
    const fragment = fc.record({
      offset: fc.nat({ max: 8191 }).map((units) => units * 8),
      more: fc.boolean(),
      id: fc.nat({ max: 1 }),
      bytes: fc.uint8Array({ maxLength: 80 }),
      protocol: fc.constantFrom(1, 4, 6, 17, 47),
      captured: fc.nat({ max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), (fragments) => {
        const reader = new Reader();
        for (const { bytes, protocol, captured, ...place } of fragments) {
          const packet = ipv4(protocol, bytes, place);
          const line = reader.read(packet.slice(0, captured), packet.length);
          if (!line.startsWith('joined')) continue;
          const { payloadAt, payloadEnd, payloadBytes } = reader.decoder.segment;
          expect(payloadAt).toBeLessThanOrEqual(payloadEnd);
          expect(payloadEnd - payloadAt).toBeLessThanOrEqual(payloadBytes);
          expect(payloadEnd).toBeLessThanOrEqual(reader.decoder.reassembled.byteLength);
        }
        reader.decoder.finish();
      }),
      { numRuns: 500 },
    );
  });
});
