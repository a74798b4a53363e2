import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BytesSource, Moment, readCapture } from '../../src/capture/index.ts';
import { Decoder, FLAG, type Segment, STOP } from '../../src/decode/index.ts';
import { LABEL, OPENING, TcpPass } from '../../src/tcp/index.ts';

const WIRESHARK_NAMES: Readonly<Record<keyof typeof LABEL, string>> = {
  retransmission: 'retransmission',
  fastRetransmission: 'fast_retransmission',
  spuriousRetransmission: 'spurious_retransmission',
  outOfOrder: 'out_of_order',
  lostSegment: 'lost_segment',
  ackLostSegment: 'ack_lost_segment',
  duplicateAck: 'duplicate_ack',
  zeroWindow: 'zero_window',
  zeroWindowProbe: 'zero_window_probe',
  zeroWindowProbeAck: 'zero_window_probe_ack',
  windowFull: 'window_full',
  windowUpdate: 'window_update',
  keepAlive: 'keep_alive',
  keepAliveAck: 'keep_alive_ack',
  reusedPorts: 'reused_ports',
};

/** Wireshark's names of the labels that we have too. */
export const LABEL_NAMES: readonly string[] = Object.values(WIRESHARK_NAMES);

/** A packet may stand in a capture a second time for as long as a queue holds it. */
const COPY_MAX_NS = 100 * 1_000_000;
const SYN_ACK = FLAG.syn | FLAG.ack;

/** One TCP packet of a capture: our labels, and what tells why they may differ from Wireshark's. */
export interface Labelled {
  readonly packet: number;
  /** By Wireshark's names, sorted; none of a packet that we call a copy. */
  readonly ours: readonly string[];
  readonly connection: number;
  /** We call it a copy, and its headers are those of a packet before it in the file, the IP identification among them. */
  readonly isCopy: boolean;
  /** Its connection was open when the capture began. */
  readonly isMidstream: boolean;
  /** Its connection is a later one of its addresses and ports, and begins with a SYN-ACK. */
  readonly isReusedUnasked: boolean;
  /** A record of its connection claims fewer bytes than the IP packet in it. */
  readonly isMisreported: boolean;
  /** The snap length cut its TCP header within the options. */
  readonly isHeaderCut: boolean;
  /** It is earlier in time than one before it in the file. */
  readonly isBackward: boolean;
}

/** The TCP packets of a capture, in the order of the file. Throws CaptureError. */
export function readLabelled(path: string): Labelled[] {
  const moment = new Moment();
  const packets: Omit<Labelled, 'isMisreported'>[] = [];
  const misreported = new Set<number>();
  const reusedUnasked = new Set<number>();
  const sentNs = new Map<string, number>();
  let recordEnd = 0;
  let capturedEnd = 0;
  let isHeaderCut = false;
  let latestNs = -Infinity;
  let isTwin = false;
  const note = (connection: number, ours: readonly string[], isCopy: boolean): void => {
    packets.push({
      packet: moment.packet,
      ours,
      connection,
      isCopy,
      isMidstream: pass.connections.opening(connection) === OPENING.beforeCapture,
      isReusedUnasked: reusedUnasked.has(connection),
      isHeaderCut,
      isBackward: (moment.ns[0] ?? 0) < latestNs,
    });
  };
  const pass = new TcpPass(moment, {
    opened: (connection, segment) => {
      const isUnasked = (segment.flags & SYN_ACK) === SYN_ACK && pass.connections.incarnation(connection) > 0;
      if (isUnasked) reusedUnasked.add(connection);
      else reusedUnasked.delete(connection);
    },
    segment: (connection, _side, labels, _did, segment) => {
      if (segment.payloadAt + segment.payloadBytes > recordEnd) misreported.add(connection);
      note(connection, wiresharkNames(labels), false);
    },
    copy: (connection) => note(connection, [], isTwin),
    bytes: () => {},
    gap: () => {},
  });
  const take = (segment: Segment, view: DataView): void => {
    const key = headersOf(segment);
    const ns = moment.ns[0] ?? 0;
    isTwin = Math.abs(ns - (sentNs.get(key) ?? Number.NaN)) <= COPY_MAX_NS;
    sentNs.set(key, ns);
    isHeaderCut = recordEnd - segment.payloadBytes > capturedEnd;
    pass.segment(segment, view);
  };
  const decoder = new Decoder(moment, take);
  readCapture(new BytesSource(path, unpacked(path)), (batch) => {
    for (let row = 0; row < batch.count; row++) {
      const at = batch.at[row] ?? 0;
      const end = at + (batch.capturedBytes[row] ?? 0);
      capturedEnd = end;
      recordEnd = at + (batch.originalBytes[row] ?? 0);
      moment.packet = batch.firstPacket + row;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      const stop = decoder.decode(batch.view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? 0);
      if (stop === STOP.none) take(decoder.segment, batch.view);
      else if (stop === STOP.reassembled) take(decoder.segment, decoder.reassembled);
      latestNs = Math.max(latestNs, moment.ns[0] ?? 0);
    }
  });
  decoder.finish();
  pass.finish();
  return packets.map((packet) => ({ ...packet, isMisreported: misreported.has(packet.connection) }));
}

/** A capture's bytes; GZIP (RFC 1952 §2.3.1) is read here as by the command. */
function unpacked(path: string): Uint8Array {
  const bytes = Uint8Array.from(readFileSync(path));
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? Uint8Array.from(gunzipSync(bytes)) : bytes;
}

/** What the headers of two copies of a packet share: all but the TTL and the checksums. Payloads may be cut, or (in a fuzzed file) spoiled. */
function headersOf(s: Segment): string {
  const ip = [s.src0, s.src1, s.src2, s.src3, s.dst0, s.dst1, s.dst2, s.dst3, s.ipId];
  const tcp = [s.srcPort, s.dstPort, s.flags, s.seq, s.ack, s.window, s.payloadBytes];
  return [...ip, ...tcp, s.tsVal * s.hasTimestamps].join(' ');
}

function wiresharkNames(labels: number): string[] {
  return Object.entries(LABEL)
    .filter(([, bit]) => (labels & bit) !== 0)
    .map(([name]) => WIRESHARK_NAMES[name as keyof typeof LABEL])
    .toSorted();
}
