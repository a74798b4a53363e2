import { describe, expect, test } from 'vitest';
import { NO_PORT, Segment, STOP, TUNNEL } from '../../../src/decode/index.ts';
import { type DumpedConnection, type DumpedPacket, renderPacket } from '../../../src/report/index.ts';
import { LABEL } from '../../../src/tcp/index.ts';

/** 2025-11-24T16:00:00.123456Z. */
const EPOCH_NS = 1_764_000_000_123_456_000n;
const CONNECTION: DumpedConnection = { nth: 0, from: 'client', labels: 0, isCopy: false };

function segment(fields: Partial<Segment> = {}): Segment {
  return Object.assign(new Segment(), {
    ipVersion: 4,
    src2: 0xffff,
    src3: 0x0a090102,
    srcPort: 49_739,
    dst2: 0xffff,
    dst3: 0x0a090002,
    dstPort: 80,
    seq: -1,
    ack: 789,
    flags: 0x18,
    window: 501,
    payloadBytes: 3,
    ...fields,
  });
}

/** What a line holds. */
interface Line {
  readonly epoch: unknown;
  readonly labels: unknown;
  readonly flags: unknown;
  readonly outer: unknown;
  readonly comment: unknown;
  readonly linkType: unknown;
}

function dumped(fields: Partial<DumpedPacket> = {}): Line {
  const line = renderPacket({
    packet: 17,
    file: 'gateway.pcap',
    epochNs: EPOCH_NS,
    capturedBytes: 74,
    originalBytes: 1500,
    linkType: 276,
    stop: STOP.none,
    segment: segment(),
    connection: CONNECTION,
    comment: null,
    ...fields,
  });
  expect(line.endsWith('}\n')).toBe(true);
  const parsed: Line = JSON.parse(line);
  return parsed;
}

describe('a packet as a line', () => {
  test('with all that contract §2 says', () => {
    expect(dumped()).toEqual({
      packet: 17,
      file: 'gateway.pcap',
      time: '2025-11-24T16:00:00.123456Z',
      epoch: '1764000000.123456',
      captured: 74,
      length: 1500,
      linkType: 'LINUX_SLL2',
      kind: 'tcp',
      connection: 't1',
      source: { ip: '10.9.1.2', port: 49_739 },
      destination: { ip: '10.9.0.2', port: 80 },
      from: 'client',
      flags: 'PSH,ACK',
      seq: 4_294_967_295,
      ack: 789,
      payload: 3,
      window: 501,
      labels: [],
      outer: null,
      comment: null,
    });
  });

  test('nine digits where six do not tell the time', () => {
    expect(dumped({ epochNs: EPOCH_NS + 7n })).toMatchObject({
      time: '2025-11-24T16:00:00.123456007Z',
      epoch: '1764000000.123456007',
    });
  });

  test('a time before 1970, and none', () => {
    expect(dumped({ epochNs: -1_500_000_000n }).epoch).toBe('-1.500000');
    expect(dumped({ epochNs: null })).toMatchObject({ time: null, epoch: null });
  });

  test('each label by its name, a copy by its own alone', () => {
    const every = Object.values(LABEL).reduce((bits, bit) => bits | bit, 0);
    expect(dumped({ connection: { ...CONNECTION, labels: every } }).labels).toEqual([
      'retransmission',
      'fast-retransmission',
      'spurious-retransmission',
      'out-of-order',
      'lost-segment',
      'ack-lost-segment',
      'duplicate-ack',
      'zero-window',
      'zero-window-probe',
      'zero-window-probe-ack',
      'window-full',
      'window-update',
      'keep-alive',
      'keep-alive-ack',
      'reused-ports',
    ]);
    expect(dumped({ connection: { ...CONNECTION, isCopy: true } }).labels).toEqual(['duplicate-capture']);
  });

  test('each flag', () => {
    expect(dumped({ segment: segment({ flags: 0xff }) }).flags).toBe('FIN,SYN,RST,PSH,ACK,URG,ECE,CWR');
    expect(dumped({ segment: segment({ flags: 0 }) }).flags).toBe('');
  });

  test('addresses of IPv6 (RFC 5952)', () => {
    const v6 = {
      ipVersion: 6,
      src0: 0x20010db8,
      src1: 0,
      src2: 0,
      src3: 1,
      dst0: 0xfe800000 | 0,
      dst1: 0,
      dst2: 0,
      dst3: 2,
    };
    expect(dumped({ segment: segment(v6) })).toMatchObject({
      source: { ip: '2001:db8::1', port: 49_739 },
      destination: { ip: 'fe80::2', port: 80 },
    });
  });

  test('out of fragments it is as any other', () => {
    expect(dumped({ stop: STOP.reassembled })).toMatchObject({ kind: 'tcp', payload: 3, flags: 'PSH,ACK' });
  });

  test('from inside a tunnel, with the outer ends', () => {
    const outer = {
      tunnels: 2,
      tunnel: TUNNEL.vxlan,
      outerIpVersion: 4,
      outerSrc3: 0xc0000201 | 0,
      outerDst3: 0xc0000202 | 0,
    };
    expect(dumped({ segment: segment(outer) }).outer).toEqual({
      source: '192.0.2.1',
      destination: '192.0.2.2',
      tunnels: 2,
    });
  });

  test('a comment that holds anything stays one line', () => {
    expect(dumped({ comment: 'a "b"\n\u001b[31m\u2028' }).comment).toBe('a "b"\n\u001b[31m\u2028');
  });
});

describe('a packet that is no TCP segment', () => {
  const noNumbers = { connection: null, from: null, flags: null, seq: null, ack: null, payload: null, window: null };

  test('of UDP has its ends and its kind', () => {
    expect(dumped({ stop: STOP.udp, connection: null })).toMatchObject({
      ...noNumbers,
      kind: 'udp',
      source: { ip: '10.9.1.2', port: 49_739 },
      labels: [],
    });
  });

  test('of ICMP has addresses and no ports', () => {
    const icmp = segment({ srcPort: NO_PORT, dstPort: NO_PORT });
    expect(dumped({ stop: STOP.icmpQuote, segment: icmp, connection: null })).toMatchObject({
      kind: 'icmp-quote',
      source: { ip: '10.9.1.2', port: null },
    });
  });

  test('without IP has neither, and no outer ends of a packet before', () => {
    const arp = segment({ ipVersion: 0, tunnels: 1 });
    expect(dumped({ stop: STOP.arp, segment: arp, connection: null })).toMatchObject({
      ...noNumbers,
      kind: 'arp',
      source: { ip: null, port: null },
      destination: { ip: null, port: null },
      outer: null,
    });
  });

  test('without a link type', () => {
    expect(dumped({ stop: STOP.linkTypeUnknown, linkType: null, connection: null }).linkType).toBeNull();
    expect(dumped({ linkType: 60_000 }).linkType).toBe('60000');
  });

  test('of TCP beyond what is followed has its numbers and no connection', () => {
    expect(dumped({ connection: null })).toMatchObject({
      connection: null,
      from: null,
      seq: 4_294_967_295,
      labels: [],
    });
  });
});
