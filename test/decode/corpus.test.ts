import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findInputs, Moment, readCaptures, type RecordBatch } from '../../src/capture/index.ts';
import { Decoder, isSegment, STOP, STOP_NAMES } from '../../src/decode/index.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { type DecodeAnswer, answersOf, endpointsOf, gotLine, isCutThere, wantedLine, wantedQuote } from './answers.ts';

/** Where we differ from Wireshark on purpose: the packets left out, and why. */
const BIG_TCP = 'a UDP length of 0 (segmentation offload) ends the decoding there';
const DIFFERENT: Readonly<Record<string, { readonly packets: readonly number[]; readonly why: string }>> = {
  'flowlab-vxlan-17_vxlan_udp_port_and_header_matrix.pcap': {
    packets: [2],
    why: 'VXLAN on the port that Linux and flannel use is not recognised there',
  },
  'tcpdump-bigtcp-ipv4-vxlan-ipv6.pcap': { packets: [1], why: BIG_TCP },
  'tcpdump-bigtcp-ipv6-geneve-ipv4.pcap': { packets: [1], why: BIG_TCP },
  'tcpdump-bigtcp-ipv6-geneve-ipv6.pcap': { packets: [1], why: BIG_TCP },
  'tcpdump-bigtcp-ipv6-vxlan-ipv6.pcap': { packets: [1], why: BIG_TCP },
};

/** Link types that Wireshark itself does not read: it has no answer for a single packet. */
const NO_ANSWER: readonly string[] = ['tcpdump-brcm-tag-prepend.pcap', 'tcpdump-dsa-high-vid.pcap', 'tcpdump-dsa.pcap'];

const counted = { files: 0, packets: 0, tcp: 0, quotes: 0, leftOut: 0, differing: 0 };

afterAll(() => {
  if (CORPUS === null) return;
  const { files, packets, tcp, quotes, leftOut, differing } = counted;
  process.stdout.write(
    `innermost addresses and ports as Wireshark decodes them: ${files} files, ${packets} packets compared ` +
      `(${tcp} TCP segments with their numbers, ${quotes} quotes), ${differing} differing; ` +
      `${leftOut} packets left out in ${Object.keys(DIFFERENT).length + NO_ANSWER.length} files\n` +
      Object.entries(DIFFERENT)
        .map(([name, { packets: left, why }]) => `  left out: ${name}, packet ${left.join(', ')}: ${why}\n`)
        .join('') +
      NO_ANSWER.map((name) => `  left out: ${name}, all packets: its link type is not read there\n`).join(''),
  );
});

/** Decodes a file and gives a line for each packet that differs. */
async function differences(file: string, answers: readonly DecodeAnswer[]): Promise<string[]> {
  const lines: string[] = [];
  const moment = new Moment();
  const decoder = new Decoder(moment, () => {});
  const leftOut = DIFFERENT[path.basename(file)]?.packets ?? [];
  const compare = (batch: RecordBatch, row: number): void => {
    const stop = decodeRow(decoder, moment, batch, row);
    const answer = answers[moment.packet - 1];
    if (answer === undefined || leftOut.includes(answer.n)) counted.leftOut++;
    else lines.push(...difference(answer, decoder, stop));
  };
  await readCaptures(findInputs([file]), (batch) => {
    for (let row = batch.firstRow; row < batch.count; row++) compare(batch, row);
  });
  decoder.finish();
  counted.files++;
  counted.differing += lines.length;
  return lines;
}

type Stop = ReturnType<Decoder['decode']>;

function decodeRow(decoder: Decoder, moment: Moment, batch: RecordBatch, row: number): Stop {
  moment.packet = batch.firstPacket + row;
  moment.ns[0] = batch.timeNs[row] ?? 0;
  const at = batch.at[row] ?? 0;
  const end = at + (batch.capturedBytes[row] ?? 0);
  return decoder.decode(batch.view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? -1);
}

function difference(answer: DecodeAnswer, decoder: Decoder, stop: Stop): string[] {
  const stopName = STOP_NAMES[stop] ?? '';
  counted.packets++;
  const wanted = wantedLine(answer);
  // Wireshark tells the fields in front of a header's cut; we tell that it is cut.
  if (isCutThere(wanted)) return /Cut|Odd/u.test(stopName) ? [] : [`#${answer.n} is cut there, ours: ${stopName}`];
  const got = gotLine(decoder.segment, isSegment(stop));
  const quote = stop === STOP.icmpQuote ? endpointsOf(decoder.quoted) : undefined;
  if (wanted.tcp !== '-') counted.tcp++;
  if (quote !== undefined) counted.quotes++;
  const want = `${wanted.endpoints} | ${wanted.tcp} | ${wantedQuote(answer)}`;
  const have = `${got.endpoints} | ${got.tcp} | ${quote}`;
  return want === have ? [] : [`#${answer.n} ${answer.protocols}: ${want}; ours: ${have} (${stopName})`];
}

describe('packets as Wireshark decodes them', () => {
  const answers = corpusFiles('links', '.decode.json');

  if (CORPUS === null) it.skip(CORPUS_ABSENT);

  for (const answer of answers) {
    const file = answer.slice(0, -'.decode.json'.length);
    const name = path.basename(file);
    const why = DIFFERENT[name]?.why;
    it(`${name}${why === undefined ? '' : ` (${why})`}`, async () => {
      const packets = answersOf(answer);
      if (NO_ANSWER.includes(name)) expect(packets).toEqual([]);
      expect(await differences(file, packets)).toEqual([]);
    });
  }

  it.skipIf(CORPUS === null)('no listed file has gone', () => {
    const names = new Set(answers.map((answer) => path.basename(answer, '.decode.json')));
    expect([...Object.keys(DIFFERENT), ...NO_ANSWER].filter((name) => !names.has(name))).toEqual([]);
  });
});
