import { statSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError } from '../../src/capture/index.ts';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { makeExtract } from '../../src/cli/extract.ts';
import { DEFAULT_THRESHOLDS, NO_HINTS } from '../../src/incident/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { composeReport } from '../build/reports.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';

/** Larger files take most of the time and show nothing more. */
const FILE_MAX_BYTES = 60_000;
const FOLDERS = ['formats', 'hostile', 'http1', 'http2', 'links', 'tcp', 'tls'];

const files = FOLDERS.flatMap((folder) => ['.pcap', '.pcapng', '.cap'].flatMap((end) => corpusFiles(folder, end)));
const counted = { captures: 0, packets: 0, kept: 0 };

afterAll(() => {
  if (CORPUS === null) return;
  const { captures, packets, kept } = counted;
  process.stdout.write(`extracts of ${captures} captures tell the same: ${kept} of ${packets} packets kept\n`);
});

/** Null where nothing of the file can be analysed. */
async function tellsTheSame(path: string): Promise<boolean | null> {
  const settings = { thresholds: DEFAULT_THRESHOLDS, hints: NO_HINTS };
  const keyLog = new KeyLog();
  try {
    const { capture, incident, plan } = await analyzeFiles([path], settings, { keyLog });
    const report = composeReport(incident, capture, 'test');
    const analysed = { paths: [path], capture, report, settings, keyLog, plan };
    const extract = await makeExtract(analysed, { keepSecrets: false }, {});
    counted.captures++;
    counted.packets += capture.packets;
    counted.kept += extract.packets;
    return extract.tellsTheSame;
  } catch (error) {
    if (error instanceof CaptureError) return null;
    throw error;
  }
}

describe.skipIf(CORPUS === null)(`public captures (${CORPUS === null ? CORPUS_ABSENT : 'all folders'})`, () => {
  it('have extracts that tell the same', async () => {
    const differing: string[] = [];
    for (const path of files) {
      if (statSync(path).size <= FILE_MAX_BYTES && (await tellsTheSame(path)) === false) differing.push(path);
    }
    expect(differing).toEqual([]);
    expect(counted.captures).toBeGreaterThan(500);
  }, 120_000);
});
