import { anonymized, standInsFor } from '../../../src/report/anonymize.ts';
import { extractRewriter } from '../../../src/report/anonymize/packet.ts';
import type { HeldPacket } from '../../../src/report/extract/room.ts';
import type { Report } from '../../../src/report/index.ts';
import { KeyLog } from '../../../src/tls/index.ts';
import { type TcpPacket, tcpPacket } from '../../build/packet.ts';
import { LINKTYPE } from '../../build/pcap.ts';

/** IPv4 and TCP without options. */
const HEADER_BYTES = 40;

export interface Told {
  /** What stands in for each packet's payload. */
  readonly payloads: readonly Uint8Array[];
  readonly keyLog: string;
}

/** Packets of link type RAW, IPv4 and without options, as an anonymised extract of the report has them. `captured`: of the payload. */
export function rewrittenExtract(
  report: Report,
  packets: readonly (TcpPacket & { readonly captured?: number })[],
  keyLog: KeyLog = new KeyLog(),
): Told {
  const standIns = standInsFor(report, null);
  const held = packets.map(({ captured, ...packet }, nth) => heldPacket(tcpPacket(packet), nth, captured));
  const rewritten = extractRewriter(standIns, anonymized(report, standIns).connections)(held, keyLog);
  const payloads = held.map((packet) => rewritten.rewrite(packet)?.slice(HEADER_BYTES) ?? new Uint8Array(0));
  return { payloads, keyLog: rewritten.keyLog };
}

function heldPacket(whole: Uint8Array, nth: number, captured?: number): HeldPacket {
  const bytes = captured === undefined ? whole : whole.slice(0, HEADER_BYTES + captured);
  return {
    file: 0,
    packet: nth + 1,
    vantage: 0,
    linkType: LINKTYPE.RAW,
    epochNs: BigInt(nth) * 1_000_000n,
    originalBytes: whole.length,
    capturedBytes: bytes.length,
    rank: 0,
    headerBytes: HEADER_BYTES,
    frameBytes: bytes.length,
    comment: null,
    bytes,
    isShortened: false,
  };
}
