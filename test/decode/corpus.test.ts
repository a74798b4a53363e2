import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CaptureError, openSource, readCapture } from '../../src/capture/index.ts';
import { decodePacket, isLinkTypeKnown, linkTypeName, Segment, STOP, STOP_NAMES } from '../../src/decode/index.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';

/** Wireshark's answer for one packet; an array where several layers have the field, outermost first. */
type PerLayer<T> = T | readonly T[];
interface OraclePacket {
  readonly n: number;
  readonly protocols: string;
  readonly tcpSrc?: PerLayer<number>;
  readonly tcpDst?: PerLayer<number>;
  readonly seq?: PerLayer<number>;
  readonly ack?: PerLayer<number>;
  readonly flags?: PerLayer<number>;
  readonly tcpLen?: PerLayer<number>;
}

/** The stacks that we decode, in Wireshark's words: no tunnels, no MPLS, no PPPoE yet. */
const SUPPORTED =
  /^((eth|sll):ethertype:((vlan|ieee8021ad):ethertype:)*|raw:|null:|)(ip|ipv6)(:ipv6\.\w+)*(:ah)?:tcp(:|$)/;

/** Where Wireshark has TCP at another packet, on purpose: it joins fragments and shows the packet at the last one; we read the first. */
const FRAGMENTED: Readonly<Record<string, readonly number[]>> = {
  'suricata-defrag-bug-6887-defrag-ipv6-tcp-frag-ip-tcp.pcap': [1, 3],
  'suricata-frag-eth-vlan-ip-tcp-syn.pcap': [3],
  'zeek-ipv4-fragmented-3.pcap': [1],
  'zeek-ipv4-fragmented-syn.pcap': [2],
};

function outermost(value: PerLayer<number> | undefined): number {
  return (typeof value === 'object' ? value[0] : value) ?? Number.NaN;
}

/** One line a packet: why it stopped, or its TCP fields. */
function wanted(packet: OraclePacket): string {
  if (!SUPPORTED.test(packet.protocols)) return 'no TCP';
  const { tcpSrc, tcpDst, seq, ack, flags, tcpLen } = packet;
  const fields = [tcpSrc, tcpDst, outermost(seq) | 0, outermost(ack) | 0, outermost(flags) & 0xff, tcpLen];
  return fields.map(outermost).join(' ');
}

function got(stop: number, segment: Segment): string {
  if (stop !== STOP.none) return 'no TCP';
  const { srcPort, dstPort, seq, ack, flags, payloadBytes } = segment;
  return [srcPort, dstPort, seq, ack, flags, payloadBytes].join(' ');
}

/** @returns a line for each packet that differs; the reason where the file is not one of ours */
function differences(file: string, packets: readonly OraclePacket[]): string[] | string {
  const segment = new Segment();
  const lines: string[] = [];
  const listed = FRAGMENTED[path.basename(file)] ?? [];
  const facts = readCapture(openSource(file), (batch) => {
    for (let row = 0; row < batch.count; row++) {
      const oracle = packets[batch.firstPacket + row - 1];
      const at = batch.at[row] ?? 0;
      const end = at + (batch.capturedBytes[row] ?? 0);
      const linkType = batch.linkType[row] ?? -1;
      const stop = decodePacket(batch.view, at, end, batch.originalBytes[row] ?? 0, linkType, segment);
      if (oracle === undefined || listed.includes(oracle.n)) continue;
      const [want, have] = [wanted(oracle), got(stop, segment)];
      if (want !== have) lines.push(`#${oracle.n} ${oracle.protocols}: ${want}; ours: ${have} (${STOP_NAMES[stop]})`);
    }
  });
  const unknown = facts.files[0]?.linkTypes.find((linkType) => !isLinkTypeKnown(linkType));
  return unknown === undefined ? lines : `link type ${linkTypeName(unknown)}`;
}

function answersOf(answer: string): readonly OraclePacket[] {
  const parsed: { packets: readonly OraclePacket[] } = JSON.parse(readFileSync(answer, 'utf8'));
  return parsed.packets;
}

function outcome(answer: string): string[] | string {
  try {
    return differences(answer.slice(0, -'.decode.json'.length), answersOf(answer));
  } catch (error) {
    if (error instanceof CaptureError && error.failure.code === 'unsupported-format') return error.failure.format;
    throw error;
  }
}

describe('TCP segments as Wireshark decodes them', () => {
  if (CORPUS === null) it.skip(CORPUS_ABSENT);

  for (const answer of corpusFiles('links', '.decode.json')) {
    const result = outcome(answer);
    const name = path.basename(answer, '.decode.json');
    if (typeof result === 'string') it.skip(`${name}: not read yet: ${result}`);
    else it(name, () => expect(result).toEqual([]));
  }
});
