import { decodePacket, isSegment, Segment, STOP_NAMES } from '../../../src/decode/index.ts';
import type { StandIns } from '../../../src/report/index.ts';

/** What is left of a packet's decoding when it was rewritten, to be held against the original's. */
export interface Outline {
  readonly stop: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly source: string;
  readonly destination: string;
}

const NUMBERS = [
  'srcPort',
  'dstPort',
  'seq',
  'ack',
  'flags',
  'window',
  'payloadAt',
  'payloadEnd',
  'payloadBytes',
  'ttl',
  'ipId',
  'direction',
  'interfaceIndex',
  'windowShift',
  'hasTimestamps',
  'tsVal',
  'tunnels',
] as const satisfies readonly (keyof Segment)[];

/** What a packet tells; with `standIns` the addresses are those that should stand in for its own. */
export function outlineOf(bytes: Uint8Array, linkType: number, originalBytes: number, standIns?: StandIns): Outline {
  const segment = new Segment();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stop = decodePacket(view, 0, bytes.length, originalBytes, linkType, segment);
  const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = segment;
  const text = (words: readonly number[]): string => addressText(segment.ipVersion, words, standIns);
  return {
    stop: STOP_NAMES[stop] ?? '',
    numbers: isSegment(stop) ? Object.fromEntries(NUMBERS.map((name) => [name, segment[name]])) : {},
    source: text([src0, src1, src2, src3]),
    destination: text([dst0, dst1, dst2, dst3]),
  };
}

function addressText(version: number, words: readonly number[], standIns: StandIns | undefined): string {
  const [a = 0, b = 0, c = 0, d = 0] = words.map((word) => word >>> 0);
  if (version === 0) return 'none';
  if (version === 4) return String(standIns === undefined ? d : standIns.ipv4.standIn(d));
  const address = { network: (BigInt(a) << 32n) | BigInt(b), host: (BigInt(c) << 32n) | BigInt(d) };
  const { network, host } = standIns === undefined ? address : standIns.ipv6.standIn(address);
  return `${network.toString(16)} ${host.toString(16)}`;
}
