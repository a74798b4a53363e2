import { describe, expect, it } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { Decoder, STOP_NAMES } from '../../src/decode/index.ts';
import { icmp, ipv4, ipv6, PROTOCOL, udp } from '../build/layers.ts';
import { tcpPacket } from '../build/packet.ts';
import { LINKTYPE } from '../build/pcap.ts';

const LOST = tcpPacket({
  from: '10.9.1.2:49739',
  to: '10.9.0.2:80',
  flags: 'PSH,ACK',
  seq: 0xfffffff0,
  ack: 9,
  payload: 'GET',
  link: 'RAW',
  ttl: 3,
});
const LOST_V6 = tcpPacket({ from: '[2001:db8::1]:49739', to: '[2001:db8::2]:80', flags: 'SYN', seq: 7, link: 'RAW' });
const IP_BYTES = 20;

function read(bytes: readonly number[]) {
  const decoder = new Decoder(new Moment(), () => {});
  const frame = Uint8Array.from(bytes);
  const stop = decoder.decode(new DataView(frame.buffer), 0, frame.length, frame.length, LINKTYPE.RAW);
  return { stop: STOP_NAMES[stop], segment: decoder.segment, quoted: decoder.quoted };
}

describe('an ICMP error that quotes a TCP segment', () => {
  it('tells its connection, type and code, and who sent the error', () => {
    const { stop, segment, quoted } = read(ipv4(PROTOCOL.icmp, icmp(3, 1, 0, LOST)));
    expect(stop).toBe('icmpQuote');
    expect(segment).toMatchObject({ src3: 0xc0000201 | 0, icmpType: 3, icmpCode: 1 });
    expect(quoted).toMatchObject({
      ipVersion: 4,
      src3: 0x0a090102,
      dst3: 0x0a090002,
      srcPort: 49739,
      dstPort: 80,
      seq: 0xfffffff0 | 0,
      ack: 9,
      flags: 0x18,
      ttl: 3,
      payloadBytes: 3,
    });
  });

  it('with no more than the 8 bytes of RFC 792: ports and sequence number, the rest unknown', () => {
    const { stop, quoted } = read(ipv4(PROTOCOL.icmp, icmp(11, 0, 0, LOST.subarray(0, IP_BYTES + 8))));
    expect(stop).toBe('icmpQuote');
    expect(quoted).toMatchObject({ srcPort: 49739, dstPort: 80, seq: 0xfffffff0 | 0, ack: 0, flags: 0, window: 0 });
  });

  it('of IPv6, of a packet that was too big', () => {
    const { stop, segment, quoted } = read(ipv6(PROTOCOL.icmpv6, icmp(2, 0, 1280, LOST_V6)));
    expect(stop).toBe('icmpQuote');
    expect(segment).toMatchObject({ ipVersion: 6, src3: 0x91, icmpType: 2, icmpCode: 0 });
    expect(quoted).toMatchObject({ ipVersion: 6, src3: 1, dst3: 2, srcPort: 49739, seq: 7, flags: 2 });
  });

  it('inside a tunnel', () => {
    const { stop, quoted, segment } = read(ipv6(PROTOCOL.ipv4, ipv4(PROTOCOL.icmp, icmp(3, 3, 0, LOST))));
    expect([stop, quoted.srcPort, quoted.tunnels, segment.tunnels]).toEqual(['icmpQuote', 49739, 0, 1]);
  });

  it('each type that is an error', () => {
    const v4 = [0, 3, 4, 5, 8, 11, 12, 13].map((type) => read(ipv4(PROTOCOL.icmp, icmp(type, 0, 0, LOST))).stop);
    expect(v4.map((stop) => stop === 'icmpQuote')).toEqual([false, true, true, false, false, true, true, false]);
    const v6 = [1, 2, 3, 4, 5, 128].map((type) => read(ipv6(PROTOCOL.icmpv6, icmp(type, 0, 0, LOST_V6))).stop);
    expect(v6.map((stop) => stop === 'icmpQuote')).toEqual([true, true, true, true, false, false]);
  });
});

describe('an ICMP error that quotes nothing of use is ICMP', () => {
  it('another protocol, less than 8 bytes, a later fragment, nothing', () => {
    const error = (quote: readonly number[] | Uint8Array) => read(ipv4(PROTOCOL.icmp, icmp(3, 1, 0, quote))).stop;
    expect(error(ipv4(PROTOCOL.udp, udp(1, 2, [])))).toBe('icmp');
    expect(error(LOST.subarray(0, IP_BYTES + 7))).toBe('icmp');
    expect(error(ipv4(PROTOCOL.tcp, LOST.subarray(IP_BYTES), { offset: 8 }))).toBe('icmp');
    expect(error([])).toBe('icmp');
    expect(read(ipv6(PROTOCOL.icmpv6, icmp(1, 1, 0, [0x60]))).stop).toBe('icmpv6');
  });
});
