import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/report/index.ts';
import { composed, gatewayMute } from '../scenarios.ts';
import { rewrittenExtract } from './rewritten-extract.ts';

const C1 = { from: '10.9.1.2:49739', to: '10.9.1.1:80', link: 'RAW' } as const;

/** What is left of the payloads of segments of the story's client connection, if it spoke TLS. */
function left(...sent: readonly Uint8Array[]): Uint8Array[] {
  const story = composed(gatewayMute());
  const connections = story.connections.map((connection) => ({ ...connection, protocol: 'tls' as const }));
  const report: Report = { ...story, connections };
  let seq = 1;
  const packets = sent.map((payload) => {
    const packet = { ...C1, seq, payload };
    seq += payload.length;
    return packet;
  });
  return [...rewrittenExtract(report, packets).payloads];
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

  test('what is no handshake message is not taken for one', () => {
    for (const bytes of [
      [1, 1, 1, 1, 1],
      [3, 0, 0, 1, 122],
      [122, 0, 0, 1, 122],
    ])
      expect(left(record(0x16, Uint8Array.from(bytes)))).toEqual([record(0x16, zero(5))]);
  });
});
