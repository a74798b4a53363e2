import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { Agreement } from './agreement.ts';
import { LABEL_NAMES } from './labelled.ts';
import { committedLabels, oracleOf, ownCaptures, talksFile } from './own.ts';
import { hasTshark, type Labels, TSHARK_ABSENT, tsharkLabels } from './tshark.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Wireshark reads each capture in a process of its own. */

test.skipIf(!hasTshark)(hasTshark ? 'what is committed of our own captures is what tshark says' : TSHARK_ABSENT, () => {
  for (const capture of ownCaptures(folder)) {
    const labels = tsharkLabels(capture, LABEL_NAMES);
    if (process.env['UPDATE_ORACLES'] !== undefined) writeFileSync(oracleOf(capture), `${JSON.stringify(labels)}\n`);
    expect(labels).toEqual(committedLabels(capture));
  }
});

const TALKS = 300;
const SEEDS = [7, 8] as const;

describe.skipIf(!hasTshark)(hasTshark ? 'labels of random conversations against tshark' : TSHARK_ABSENT, () => {
  test.each(SEEDS)('agree, but for what a rule explains (seed %i)', (seed) => {
    const capture = talksFile(folder, TALKS, seed);
    const agreement = new Agreement();
    expect(agreement.add(capture, basename(capture), tsharkLabels(capture, LABEL_NAMES))).toEqual([]);
    console.log(`${TALKS} random conversations, seed ${seed}\n${agreement.render()}`);
    expect(agreement.unseen()).toEqual([]);
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
  const oracles = corpusFiles('tcp', '.tshark.json').map((file) => JSON.parse(readFileSync(file, 'utf8')) as Oracle);

  test('every capture that has an answer agrees, but for what a rule explains', () => {
    const agreement = new Agreement();
    const unexplained = oracles.flatMap(({ file, flags }) =>
      agreement.add(join(CORPUS ?? '', 'tcp', file), file, flags),
    );
    console.log(`${oracles.length} captures\n${agreement.render()}`);
    expect(oracles.length).toBeGreaterThan(150);
    expect(agreement.copies).toEqual(COPIES);
    expect(unexplained).toEqual([]);
    expect(agreement.excusedElsewhere()).toEqual([]);
  });
});
