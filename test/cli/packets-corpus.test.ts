import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError, findInputs, readCaptures } from '../../src/capture/index.ts';
import { PacketPass } from '../../src/cli/packet-pass.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { answersOf, isCutThere, wantedLine } from '../decode/answers.ts';

/** A line of the dump, as far as it is compared here. */
interface Line {
  readonly packet: number;
  readonly epoch: string | null;
  readonly captured: number;
  readonly length: number;
  readonly linkType: string | null;
  readonly kind: string;
  readonly connection: string | null;
  readonly source: { readonly ip: string | null; readonly port: number | null };
  readonly destination: { readonly ip: string | null; readonly port: number | null };
  readonly labels: readonly string[];
}

async function dumpOf(file: string): Promise<Line[]> {
  const lines: Line[] = [];
  const pass = new PacketPass((line) => lines.push(JSON.parse(line)));
  await readCaptures(findInputs([file]), (batch) => pass.consume(batch), { onBegin: (paths) => pass.begin(paths) });
  return lines;
}

/** The files of a folder that have an answer, without those that are refused. */
async function dumpsOf(folder: string, ending: string): Promise<{ name: string; answer: string; lines: Line[] }[]> {
  const dumps: { name: string; answer: string; lines: Line[] }[] = [];
  for (const answer of corpusFiles(folder, ending)) {
    const file = answer.slice(0, -ending.length);
    if (!existsSync(file)) continue;
    try {
      dumps.push({ name: path.basename(file), answer, lines: await dumpOf(file) });
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
    }
  }
  return dumps;
}

/** Left out, each for the reason that test/decode/corpus.test.ts gives. */
const ENDS_DIFFER: Readonly<Record<string, number>> = {
  'flowlab-vxlan-17_vxlan_udp_port_and_header_matrix.pcap': 1,
  'tcpdump-bigtcp-ipv4-vxlan-ipv6.pcap': 1,
};

function endsOf({ source, destination }: Line): string {
  if (source.ip === null) return '-';
  const port = (value: number | null) => (value === null ? '' : ` ${value}`);
  return `${source.ip}${port(source.port)} > ${destination.ip}${port(destination.port)}`;
}

/** What is printed at the end, so that it stands in one piece. */
const report: string[] = [];
afterAll(() => process.stdout.write(report.join('')));

describe.skipIf(CORPUS === null)(CORPUS === null ? CORPUS_ABSENT : 'the dump of packets against Wireshark', () => {
  it('has the innermost addresses and ports of every packet in links', async () => {
    let compared = 0;
    const differing: Record<string, number> = {};
    for (const { name, answer, lines } of await dumpsOf('links', '.decode.json')) {
      for (const wanted of answersOf(answer)) {
        const line = lines[wanted.n - 1];
        const { endpoints } = wantedLine(wanted);
        if (line === undefined || isCutThere(wantedLine(wanted))) continue;
        compared++;
        // Ports of SCTP and the like are not among the answers.
        const ends = line.kind === 'sctp' ? endsOf(line).replaceAll(/ \d+(?= |$)/gu, '') : endsOf(line);
        if (ends !== endpoints) differing[name] = (differing[name] ?? 0) + 1;
      }
    }
    report.push(`dump, links: ${compared} packets compared, ${Object.keys(differing).length} listed files differing\n`);
    expect(compared).toBeGreaterThan(3700);
    expect(differing).toEqual(ENDS_DIFFER);
  });

  it('has the number, lengths and time of every packet in formats', async () => {
    let compared = 0;
    for (const { name, answer, lines } of await dumpsOf('formats', '.packets.json')) {
      // What test/capture/corpus.test.ts lists as not comparable: nonsense fractions, and a pseudo-header that is not counted there.
      if (/timestamp_invalid|IrDA/u.test(name)) continue;
      const oracle: { packets: [number, string | null, number, number][] } = JSON.parse(readFileSync(answer, 'utf8'));
      const nine = (epoch: string | null) => epoch?.replace(/\d*$/u, (digits) => digits.padEnd(9, '0')) ?? null;
      compared += lines.length;
      expect({ name, lines: lines.map((line) => [line.packet, nine(line.epoch), line.captured, line.length]) }).toEqual(
        {
          name,
          lines: oracle.packets.map(([packet, epoch, captured, length]) => [packet, nine(epoch), captured, length]),
        },
      );
    }
    report.push(`dump, formats: ${compared} packets compared, 0 differing\n`);
    expect(compared).toBeGreaterThan(500);
  });

  it('has a line for each packet in hostile, whatever its bytes are', async () => {
    const dumps = await dumpsOf('hostile', '.packets.json');
    const differing: string[] = [];
    for (const { name, answer, lines } of dumps) {
      const oracle: { packets: [number][] } = JSON.parse(readFileSync(answer, 'utf8'));
      if (lines.length !== oracle.packets.length) differing.push(name);
    }
    // As listed in test/capture/corpus.test.ts: guessed there to be another format, or of a link type that is not read there.
    expect(differing).toEqual([
      'suricata-fuzz.pcap',
      'tcpdump-frf16_magic_ie-oobr.pcap',
      'tcpdump-juniper_es_oobr.pcap',
    ]);
    report.push(`dump, hostile: ${dumps.length} files read\n`);
    expect(dumps.length).toBeGreaterThan(100);
  });

  it('has labels that are reported here and judged in test/tcp/wireshark.test.ts', async () => {
    const dumps = await dumpsOf('tcp', '.tshark.json');
    const tally = new Tally();
    for (const { answer, lines } of dumps) {
      const { flags }: { flags: Record<string, string[]> } = JSON.parse(readFileSync(answer, 'utf8'));
      for (const line of lines) tally.add(line, flags[String(line.packet)] ?? []);
    }
    report.push(`dump, labels of ${dumps.length} captures:\n${tally.table()}`);
    expect(dumps.length).toBeGreaterThan(100);
  });
});

const COPY = 'duplicate-capture';

/** Counts per label: in both, only there, only here. What the capture has twice is counted by itself. */
class Tally {
  readonly #rows = new Map<string, { both: number; missed: number; extra: number }>();
  #copies = 0;
  #labelledCopies = 0;

  add({ connection, labels }: Line, theirs: readonly string[]): void {
    if (connection === null) return;
    const wanted = theirs.map((name) => name.replaceAll('_', '-'));
    if (labels.includes(COPY)) {
      this.#copies++;
      if (wanted.length > 0) this.#labelledCopies++;
      return;
    }
    for (const name of new Set([...labels, ...wanted])) {
      const row = this.#rows.get(name) ?? { both: 0, missed: 0, extra: 0 };
      this.#rows.set(name, row);
      if (!labels.includes(name)) row.missed++;
      else if (wanted.includes(name)) row.both++;
      else row.extra++;
    }
  }

  table(): string {
    const rows = [...this.#rows]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, { both, missed, extra }]) => [name, both, missed, extra]);
    const lines = [['label', 'in both', 'missed', 'extra'], ...rows].map(([name = '', ...counts]) =>
      [String(name).padEnd(26), ...counts.map((count) => String(count).padStart(8))].join(''),
    );
    return `${lines.join('\n')}\n${COPY}: ${this.#copies}, of which ${this.#labelledCopies} have labels there\n`;
  }
}
