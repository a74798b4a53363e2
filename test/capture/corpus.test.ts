import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError, LINK_NO_PACKET } from '../../src/capture/index.ts';
import { linkTypeName } from '../../src/decode/index.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { readFiles, type ReadRecord } from './records.ts';

/** Wireshark's answer: `[number, epoch, caplen, len, linkType]` a packet; no epoch where it has no time, no link type where it is none. */
type OracleRow = readonly [
  number: number,
  epoch: string | null,
  capturedBytes: number,
  originalBytes: number,
  linkType: string | null,
];
interface OracleFile {
  readonly packets: readonly OracleRow[];
}

/** Files that are refused, by what we say of them. */
const REFUSED: Readonly<Record<string, string>> = {
  'libpcap-pcap-invalid-version-1.pcap': 'a pcap file of version 1.4 (refused there too)',
  'libpcap-pcapng-invalid-vers-1.pcapng': 'a pcapng file of version 0.1 (refused there too)',
  'wswiki-genbroad.snoop': 'a snoop file: refused with the command that converts it',
  'wswiki-i4b.trace': 'an ISDN4BSD trace, which has no magic number',
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
  'tcpdump-timestamp_invalid_micro.pcap': { packets: [2, 3], why: 'a fraction above a second prints nonsense there' },
  'tcpdump-timestamp_invalid_nano.pcap': { packets: [2, 3], why: 'a fraction above a second prints nonsense there' },
  'ndpi-fuzz-2021-06-07-c6c72a0a56.pcap': {
    packets: [1],
    why: 'fraction and length of more than 2^31 print nonsense there',
  },
  'ndpi-fuzz-2021-10-13.pcap': { packets: [1], why: 'a fraction above a second prints nonsense there' },
  'tcpdump-rx_serviceid_oobr.pcap': { packets: [2], why: 'a fraction of more than 2^31 prints nonsense there' },
  'wswiki-IrDA_Traffic.ntar': { packets: 'all', why: 'LINUX_IRDA: a pseudo-header of 16 bytes is not counted there' },
};

/** Wireshark's names for link types, where they are not tcpdump.org's. */
const THEIR_NAMES: Readonly<Record<string, string>> = {
  RAW_IP: 'RAW',
  RAW_IPV4: 'IPV4',
  RAW_IPV6: 'IPV6',
  LINUX_ATM_CLIP: 'ATM_CLIP',
};

/** What Wireshark makes one of. */
const ONE_TO_THEM: Readonly<Record<string, string>> = { PPP_HDLC: 'PPP' };

function ourLinkType(linkType: number): string {
  const name = linkTypeName(linkType);
  return ONE_TO_THEM[name] ?? name;
}

const compared = { files: 0, packets: 0, leftOut: 0, differingFiles: 0 };
afterAll(() => {
  if (CORPUS === null) return;
  const { files, packets, leftOut, differingFiles } = compared;
  process.stdout.write(
    `records as Wireshark reads them: ${files} files, ${packets} packets compared, ${differingFiles} files differing; ` +
      `${leftOut} packets not comparable in ${Object.keys(DIFFERENT).length} files, ${Object.keys(REFUSED).length} files refused\n` +
      Object.entries(REFUSED)
        .map(([name, why]) => `  refused: ${name}: ${why}\n`)
        .join('') +
      Object.entries(DIFFERENT)
        .map(
          ([name, { packets: left, why }]) =>
            `  left out: ${name}, ${left === 'all' ? 'all packets' : `packet ${left.join(', ')}`}: ${why}\n`,
        )
        .join(''),
  );
});

function epochNs(epoch: string | null): bigint | null {
  if (epoch === null) return null;
  const [seconds = '0', fraction = ''] = epoch.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** Null where Wireshark has no name for it either. */
function theirLinkType(name: string | null): string | null {
  if (name === null) return String(LINK_NO_PACKET);
  return name.startsWith('wtap-') ? null : (THEIR_NAMES[name] ?? name);
}

function compare(name: string, records: readonly ReadRecord[], oracle: OracleFile): void {
  const left = DIFFERENT[name]?.packets ?? [];
  compared.files++;
  if (left === 'all') {
    compared.leftOut += oracle.packets.length;
    return;
  }
  const isLeftOut = (packet: number): boolean => left.includes(packet);
  const ours = records.filter(({ packet }) => !isLeftOut(packet));
  const theirs = oracle.packets.filter(([packet]) => !isLeftOut(packet));
  compared.packets += theirs.length;
  compared.differingFiles++;
  compared.leftOut += oracle.packets.length - theirs.length;
  expect(
    ours.map(({ packet, epochNs: time, capturedBytes, originalBytes }) => [packet, time, capturedBytes, originalBytes]),
  ).toEqual(
    theirs.map(([packet, epoch, capturedBytes, originalBytes]) => [
      packet,
      epochNs(epoch),
      capturedBytes,
      originalBytes,
    ]),
  );
  const wanted = theirs.map(([, , , , linkType]) => theirLinkType(linkType));
  expect(ours.map(({ linkType }, index) => (wanted[index] === null ? null : ourLinkType(linkType)))).toEqual(wanted);
  compared.differingFiles--;
}

describe('records as Wireshark reads them', () => {
  const answers = ['formats', 'hostile'].flatMap((folder) => corpusFiles(folder, '.packets.json'));

  if (CORPUS === null) it.skip(CORPUS_ABSENT);

  for (const answer of answers) {
    const file = answer.slice(0, -'.packets.json'.length);
    const name = path.basename(file);
    const note = REFUSED[name] ?? DIFFERENT[name]?.why;
    it(`${name}${note === undefined ? '' : ` (${note})`}`, async () => {
      if (REFUSED[name] === undefined) compare(name, (await readFiles([file])).records, oracleOf(answer));
      else await expect(readFiles([file])).rejects.toThrow(CaptureError);
    });
  }

  it.skipIf(CORPUS === null)('no listed file has gone', () => {
    const names = new Set(answers.map((answer) => path.basename(answer, '.packets.json')));
    expect([...Object.keys(REFUSED), ...Object.keys(DIFFERENT)].filter((name) => !names.has(name))).toEqual([]);
  });
});

function oracleOf(answer: string): OracleFile {
  const parsed: OracleFile = JSON.parse(readFileSync(answer, 'utf8'));
  return parsed;
}
