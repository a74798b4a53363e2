import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CaptureError } from '../../src/capture/index.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { Agreement, LABEL_NAMES } from './agreement.ts';
import { hasTshark, type Labels, TSHARK_ABSENT, tsharkLabels } from './tshark.ts';

const OWN_FOLDERS = ['samples', 'test/captures'];
const OWN = OWN_FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => join(folder, name)),
);

/** What Wireshark 4.0.17 says of our own captures, beside them. */
function committedLabels(capture: string): Labels {
  return JSON.parse(readFileSync(`test/tcp/oracles/${basename(capture)}.json`, 'utf8')) as Labels;
}

describe('labels of our own captures against Wireshark 4.0.17', () => {
  test('agree, but for what a rule explains', () => {
    const agreement = new Agreement();
    const unexplained = OWN.flatMap((capture) => agreement.add(capture, basename(capture), committedLabels(capture)));
    console.log(`${OWN.length} captures of our own\n${agreement.render()}`);
    expect(unexplained).toEqual([]);
  });

  test.skipIf(!hasTshark)(hasTshark ? 'and what is committed is what tshark says' : TSHARK_ABSENT, () => {
    for (const capture of OWN) expect(tsharkLabels(capture, LABEL_NAMES)).toEqual(committedLabels(capture));
  });
});

/** Packets that these captures hold more than once, by the look of their identifications and times: no labels, and not compared. */
const COPIES: Readonly<Record<string, number>> = {
  'arkime-wireshark-retrans.pcap': 80,
  'ndpi-kafka.pcapng': 2,
  'ndpi-reasm_crash_anon.pcapng': 26,
  'packets-nowebaccess3.pcapng': 1,
  'ppa-double-vision.pcap': 1,
  'ppa-hauntedbrowser.pcap': 25,
  'wswiki-telnet-raw.pcap': 25,
  'zeek-ctu-64702-888.pcap': 5,
  'zeek-m57-long-49583-80.pcap': 112,
  'zeek-ssh-dups.pcap': 187,
};

/** Wireshark's answer for one capture: labels by packet number. */
interface Oracle {
  readonly file: string;
  readonly flags: Labels;
}

describe.skipIf(CORPUS === null)(CORPUS === null ? CORPUS_ABSENT : 'labels against Wireshark 4.0.17', () => {
  const oracles = corpusFiles('tcp', '.tshark.json')
    .filter((file) => existsSync(file.replace(/\.tshark\.json$/u, '')))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Oracle);

  test('every capture of the corpus that can be read agrees, but for what a rule explains', () => {
    const agreement = new Agreement();
    const compared = oracles.flatMap((oracle) => {
      try {
        return [agreement.add(join(CORPUS ?? '', 'tcp', oracle.file), oracle.file, oracle.flags)];
      } catch (error) {
        if (error instanceof CaptureError) return [];
        throw error;
      }
    });
    console.log(
      `${compared.length} captures, ${oracles.length - compared.length} packed ones left out\n${agreement.render()}`,
    );
    expect(compared.length).toBeGreaterThan(100);
    expect(agreement.copies).toEqual(COPIES);
    expect(compared.flat()).toEqual([]);
    expect(agreement.excusedElsewhere()).toEqual([]);
  });
});
