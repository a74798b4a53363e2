import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CaptureError, openSource } from '../../src/capture/index.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { readAll, type ReadResult } from './records.ts';

/** Wireshark's answer: `[number, epoch, caplen, len, linkType]` a packet. */
type OracleRow = readonly [
  number: number,
  epoch: string,
  capturedBytes: number,
  originalBytes: number,
  linkType: string,
];
interface OracleFile {
  readonly packets: readonly OracleRow[];
}

/** Files that are refused, by what they are. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  'libpcap-pcap-invalid-version-1.pcap': 'a pcap file of version 1.4',
};

/** Where we differ from Wireshark on purpose: the packets left out, and why. */
const DIFFERENT: Readonly<Record<string, { readonly packets: 'all' | readonly number[]; readonly why: string }>> = {
  'suricata-fuzz.pcap': {
    packets: [2],
    why: 'guessed there to be a modified format, since one record has a nonsense length',
  },
  'tcpdump-frf16_magic_ie-oobr.pcap': { packets: 'all', why: 'link type 182 is not supported there' },
  'tcpdump-juniper_es_oobr.pcap': { packets: 'all', why: 'link type 132 is not supported there' },
  'tcpdump-atm-heapoverflow.pcap': { packets: [1], why: 'SUNATM: a pseudo-header of 4 bytes is not counted there' },
  'tcpdump-atm-oam-heapoverflow.pcap': { packets: [1], why: 'SUNATM: a pseudo-header of 4 bytes is not counted there' },
  'tcpdump-timestamp_invalid_micro.pcap': { packets: [3], why: 'a fraction of 2^31 is cut off there' },
  'tcpdump-timestamp_invalid_nano.pcap': { packets: [3], why: 'a fraction of 2^31 prints nonsense there' },
  'ndpi-fuzz-2021-06-07-c6c72a0a56.pcap': {
    packets: [1],
    why: 'fraction and length of more than 2^31 print nonsense there',
  },
  'tcpdump-rx_serviceid_oobr.pcap': { packets: [2], why: 'a fraction of more than 2^31 prints nonsense there' },
};

/** A double holds nanoseconds exactly for 104 days; 65 years on it is 256 ns coarse. */
function ulpNs(timeNs: number): number {
  return Math.max(0, 2 ** (Math.floor(Math.log2(Math.abs(timeNs) || 1)) - 52));
}

function compare(name: string, result: ReadResult, oracle: OracleFile): void {
  const left = DIFFERENT[name]?.packets ?? [];
  if (left === 'all') return;
  expect(result.records.length).toBe(oracle.packets.filter(([packet]) => packet <= result.records.length).length);
  expect(oracle.packets.length - result.records.length).toBeLessThanOrEqual(left.length);
  for (const [index, record] of result.records.entries()) {
    const [packet, epoch, capturedBytes, originalBytes] = oracle.packets[index] ?? [0, '0.0', 0, 0];
    if (left.includes(packet)) continue;
    const { packet: ourPacket, capturedBytes: ourCaptured, originalBytes: ourOriginal } = record;
    expect([ourPacket, ourCaptured, ourOriginal]).toEqual([packet, capturedBytes, originalBytes]);
    const wantedNs = Number(epochNs(epoch) - result.facts.baseNs);
    expect(Math.abs(record.timeNs - wantedNs)).toBeLessThanOrEqual(ulpNs(wantedNs));
  }
}

function epochNs(epoch: string): bigint {
  const [seconds = '0', fraction = ''] = epoch.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

describe('records as Wireshark reads them', () => {
  const answers = ['formats', 'hostile'].flatMap((folder) => corpusFiles(folder, '.pcap.packets.json'));

  if (CORPUS === null) it.skip(CORPUS_ABSENT);

  for (const answer of answers) {
    const file = answer.slice(0, -'.packets.json'.length);
    const name = path.basename(file);
    const unsupported = UNSUPPORTED[name];
    const note = unsupported === undefined ? '' : ` (skipped: is ${unsupported})`;
    it(`${name}${note}`, () => {
      if (unsupported === undefined) compare(name, readAll(openSource(file)), oracleOf(answer));
      else expect(() => readAll(openSource(file))).toThrow(CaptureError);
    });
  }

  it.skipIf(CORPUS === null)('no listed file has gone', () => {
    const names = new Set(answers.map((answer) => path.basename(answer, '.packets.json')));
    expect([...Object.keys(UNSUPPORTED), ...Object.keys(DIFFERENT)].filter((name) => !names.has(name))).toEqual([]);
  });
});

function oracleOf(answer: string): OracleFile {
  const parsed: OracleFile = JSON.parse(readFileSync(answer, 'utf8'));
  return parsed;
}
