import { describe, expect, test } from 'vitest';
import { anonymized, standInsFor } from '../../../src/report/anonymize.ts';
import { packetRewriter } from '../../../src/report/anonymize/packet.ts';
import type { Report } from '../../../src/report/index.ts';
import { tcpPacket } from '../../build/packet.ts';
import { LINKTYPE } from '../../build/pcap.ts';
import { tlsConversation } from '../../build/tls.ts';
import { composed, gatewayMute } from '../scenarios.ts';

const C1 = { from: '10.9.1.2:49739', to: '10.9.1.1:80', link: 'RAW' } as const;
const HEADER_BYTES = 40;

/** What is left of the payloads of segments of the story's client connection, if it spoke TLS. */
function left(...sent: readonly Uint8Array[]): Uint8Array[] {
  const story = composed(gatewayMute());
  const connections = story.connections.map((connection) => ({ ...connection, protocol: 'tls' as const }));
  const report: Report = { ...story, connections };
  const standIns = standInsFor(report, null);
  const rewrite = packetRewriter(standIns, anonymized(report, standIns).connections);
  let seq = 1;
  return sent.map((payload) => {
    const told = rewrite(tcpPacket({ ...C1, seq, payload }), LINKTYPE.RAW);
    seq += payload.length;
    return told?.slice(HEADER_BYTES) ?? new Uint8Array(0);
  });
}

const record = (type: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([type, 3, 3, bytes.length >> 8, bytes.length & 255, ...bytes]);
const zero = (count: number): Uint8Array => new Uint8Array(count);

describe('of TLS', () => {
  test('record headers stay, what is in records does not', () => {
    const secret = new TextEncoder().encode('zq7.example zq7');
    for (const type of [0x14, 0x16, 0x17])
      expect(left(record(type, secret))).toEqual([record(type, zero(secret.length))]);
  });

  test('alerts in clear stay, encrypted ones do not', () => {
    expect(left(record(0x15, Uint8Array.of(1, 0)))).toEqual([record(0x15, Uint8Array.of(1, 0))]);
    expect(left(record(0x15, zero(26).fill(7)))).toEqual([record(0x15, zero(26))]);
  });

  test('records are followed over segments', () => {
    const whole = Uint8Array.from([...record(0x16, zero(30).fill(1)), ...record(0x17, zero(300).fill(2))]);
    const wanted = Uint8Array.from([...record(0x16, zero(30)), ...record(0x17, zero(300))]);
    const parts = left(record(0x14, Uint8Array.of(1)), whole.slice(0, 100), whole.slice(100));
    expect(Uint8Array.from(parts.slice(1).flatMap((part) => [...part]))).toEqual(wanted);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of a client’s hello of %s no more than its header is left',
    async (version) => {
      const { handshake } = await tlsConversation(version, undefined, []);
      const client = handshake.filter(({ side }) => side === 0).map(({ bytes }) => bytes);
      const hello = left(client[0] ?? zero(0))[0] ?? zero(0);
      expect(hello.slice(5).every((byte) => byte === 0)).toBe(true);
    },
  );
});
