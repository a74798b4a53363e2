import { linkTypeName, NO_PORT, type Segment, STOP, type StopCode } from '../../decode/index.ts';
import { LABEL } from '../../tcp/index.ts';
import { addressText } from '../../trace/index.ts';
import { kebab, packetKind } from '../packet-kind.ts';
import { digitsOf, lineTime } from './time.ts';

/** What the wire pass saw of one packet. */
export interface DumpedPacket {
  /** 1-based in its file. */
  readonly packet: number;
  readonly file: string;
  /** Nanoseconds since 1970; null where the record has no time. */
  readonly epochNs: bigint | null;
  readonly capturedBytes: number;
  readonly originalBytes: number;
  /** LINKTYPE_ number; null where it has none: an interface that was never declared, or no packet at all. */
  readonly linkType: number | null;
  /** STOP.none and STOP.reassembled: `segment` is a TCP segment. */
  readonly stop: StopCode;
  /** As `Decoder` left it. */
  readonly segment: Segment;
  /** The segment's connection; null where it is none, or not followed. */
  readonly connection: DumpedConnection | null;
  readonly comment: string | null;
}

export interface DumpedConnection {
  /** Its place in the order of first packets, from 0. */
  readonly nth: number;
  /** Null while no SYN has told. */
  readonly from: 'client' | 'server' | null;
  /** LABEL bits. */
  readonly labels: number;
  /** The capture holds the packet twice; it has no other label then. */
  readonly isCopy: boolean;
}

const NS_PER_SECOND = 1_000_000_000n;

/** Control bits in the order in which tools write them (RFC 9293 §3.1, RFC 3168 §6.1). */
const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x01, 'FIN'],
  [0x02, 'SYN'],
  [0x04, 'RST'],
  [0x08, 'PSH'],
  [0x10, 'ACK'],
  [0x20, 'URG'],
  [0x40, 'ECE'],
  [0x80, 'CWR'],
];

/** The names of contract §2, which are Wireshark's with hyphens. */
const LABEL_NAMES: readonly (readonly [bit: number, name: string])[] = Object.entries(LABEL).map(([name, bit]) => [
  bit,
  kebab(name),
]);

/** One packet as a line of NDJSON (contract §2). JSON.stringify escapes the comment, the only text from the wire. */
export function renderPacket(packet: DumpedPacket): string {
  const { epochNs, linkType, stop, segment, connection } = packet;
  const isTcp = stop === STOP.none || stop === STOP.reassembled;
  const line = {
    packet: packet.packet,
    file: packet.file,
    time: lineTime(epochNs),
    epoch: epochNs === null ? null : epochText(epochNs),
    captured: packet.capturedBytes,
    length: packet.originalBytes,
    linkType: linkType === null ? null : linkTypeName(linkType),
    kind: isTcp ? 'tcp' : packetKind(stop),
    connection: connection === null ? null : `t${connection.nth + 1}`,
    source: endpointOf(segment, [segment.src0, segment.src1, segment.src2, segment.src3], segment.srcPort),
    destination: endpointOf(segment, [segment.dst0, segment.dst1, segment.dst2, segment.dst3], segment.dstPort),
    from: connection?.from ?? null,
    ...(isTcp ? numbersOf(segment) : NO_NUMBERS),
    labels: connection === null ? [] : labelsOf(connection),
    outer: segment.ipVersion !== 0 && segment.tunnels > 0 ? outerOf(segment) : null,
    comment: packet.comment,
  };
  return `${JSON.stringify(line)}\n`;
}

const NO_NUMBERS = { flags: null, seq: null, ack: null, payload: null, window: null } as const;

function numbersOf({ flags, seq, ack, payloadBytes, window }: Segment): object {
  const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return { flags: names.join(','), seq: seq >>> 0, ack: ack >>> 0, payload: payloadBytes, window };
}

function endpointOf({ ipVersion }: Segment, words: readonly number[], port: number): object {
  if (ipVersion === 0) return { ip: null, port: null };
  return { ip: addressText(ipVersion, words), port: port === NO_PORT ? null : port };
}

/** The ends of the outermost tunnel around the packet. */
function outerOf(s: Segment): object {
  const source = addressText(s.outerIpVersion, [s.outerSrc0, s.outerSrc1, s.outerSrc2, s.outerSrc3]);
  return {
    source,
    destination: addressText(s.outerIpVersion, [s.outerDst0, s.outerDst1, s.outerDst2, s.outerDst3]),
    tunnels: s.tunnels,
  };
}

function labelsOf({ labels, isCopy }: DumpedConnection): string[] {
  if (isCopy) return ['duplicate-capture'];
  return LABEL_NAMES.filter(([bit]) => (labels & bit) !== 0).map(([, name]) => name);
}

/** Seconds since 1970 with their fraction, every digit. */
function epochText(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const fraction = String(size % NS_PER_SECOND).padStart(9, '0');
  return `${ns < 0n ? '-' : ''}${size / NS_PER_SECOND}.${fraction.slice(0, digitsOf(ns))}`;
}
