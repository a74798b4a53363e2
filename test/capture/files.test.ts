import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError, findInputs, type Progress, readCaptures } from '../../src/capture/index.ts';
import { OPEN_FILES_MAX } from '../../src/capture/merge.ts';
import { buildPcap, type PcapRecord } from '../build/pcap.ts';
import { buildPcapng } from '../build/pcapng.ts';
import { readFiles } from './records.ts';

const root = mkdtempSync(path.join(tmpdir(), 'watchpcap-files-'));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
/** Not in TypeScript's es2023 library. */
declare const WebAssembly: { Memory: new (limits: object) => object };

function folder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const made = path.join(root, `${folders++}`);
  mkdirSync(made);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
    writeFileSync(path.join(made, name), bytes);
  }
  return made;
}

/** A record at each of these milliseconds; its bytes tell where it came from. */
function at(file: number, ...ms: number[]): PcapRecord[] {
  return ms.map((each) => ({ timeNs: each * 1e6, bytes: Uint8Array.of(file, each & 255, each >> 8) }));
}

function pcap(file: number, ...ms: number[]): Uint8Array {
  return buildPcap(at(file, ...ms));
}

/** `file#packet` of each record in the order in which they were handed on. */
async function order(given: readonly string[]): Promise<string[]> {
  return (await readFiles(given)).records.map(({ file, packet }) => `${file}#${packet}`);
}

describe('several files as one capture', () => {
  it('a rotated set in the wrong order is read in the order of time; numbers stay those of each file', async () => {
    const set = folder({ pcap0: pcap(0, 0, 1), pcap1: pcap(1, 2, 3), pcap2: pcap(2, 4) });
    const given = ['pcap2', 'pcap0', 'pcap1'].map((name) => path.join(set, name));
    const { records, facts } = await readFiles(given);
    expect(records.map(({ file, packet, timeNs }) => [file, packet, timeNs])).toEqual([
      [1, 1, 0],
      [1, 2, 1e6],
      [2, 1, 2e6],
      [2, 2, 3e6],
      [0, 1, 4e6],
    ]);
    expect(facts.files.map((file) => [file.path, file.packets])).toEqual(
      given.map((file, index) => [file, index === 0 ? 1 : 2]),
    );
    expect(facts).toMatchObject({ packets: 5, firstNs: 0, lastNs: 4e6, interrupted: false });
  });

  it('files that overlap are merged packet by packet; of equal times the first given comes first', async () => {
    const set = folder({ a: pcap(0, 0, 2, 4, 4), b: pcap(1, 1, 2, 4, 5), c: pcap(2, 2) });
    const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((name) => path.join(set, name));
    expect(await order([a, b, c])).toEqual(['0#1', '1#1', '0#2', '1#2', '2#1', '0#3', '0#4', '1#3', '1#4']);
    expect(await order([c, b, a])).toEqual(['2#1', '1#1', '0#1', '1#2', '2#2', '1#3', '2#3', '2#4', '1#4']);
  });

  it('formats, resolutions, link types and compressions mix', async () => {
    const set = folder({
      a: new Uint8Array(gzipSync(buildPcap(at(0, 1, 4), { resolution: 'ns', byteOrder: 'big' }))),
      b: buildPcapng(at(1, 0, 3), { linkType: 'RAW' }),
      c: buildPcap(at(2, 2), { linkType: 'LINUX_SLL2' }),
    });
    const { records, facts } = await readFiles(['a', 'b', 'c'].map((name) => path.join(set, name)));
    expect(records.map(({ file, linkType, timeNs }) => [file, linkType, timeNs])).toEqual([
      [1, 101, 0],
      [0, 1, 1e6],
      [2, 276, 2e6],
      [1, 101, 3e6],
      [0, 1, 4e6],
    ]);
    expect(facts.files.map(({ format, compression }) => [format, compression])).toEqual([
      ['pcap', 'gzip'],
      ['pcapng', null],
      ['pcap', null],
    ]);
  });

  it('a clock set back within a file stays as it is', async () => {
    const set = folder({ a: pcap(0, 5, 1, 6), b: pcap(1, 3, 7) });
    expect(await order([path.join(set, 'a'), path.join(set, 'b')])).toEqual(['1#1', '0#1', '0#2', '0#3', '1#2']);
  });

  it('any files give each packet once, each file in its order, and sorted files sorted', async () => {
    const sorted = fc.array(fc.nat({ max: 60 }), { maxLength: 30 }).map((ms) => ms.toSorted((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(fc.array(sorted, { minLength: 1, maxLength: 6 }), async (files) => {
        const set = folder(Object.fromEntries(files.map((ms, index) => [`f${index}`, pcap(index, ...ms)])));
        const { records } = await readFiles(files.map((_, index) => path.join(set, `f${index}`)));
        const times = records.map(({ timeNs }) => timeNs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        for (const [index, ms] of files.entries()) {
          const own = records.filter(({ file }) => file === index).map(({ packet }) => packet);
          expect(own).toEqual(ms.map((_, row) => row + 1));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('an empty capture among them changes nothing', async () => {
    const set = folder({ a: buildPcap([]), b: pcap(1, 1) });
    expect(await order([path.join(set, 'a'), path.join(set, 'b')])).toEqual(['1#1']);
  });

  it('those that have not a byte are passed over, and named; where no other is there, that is the error', async () => {
    const set = folder({ a: '', b: pcap(1, 2), c: '', d: pcap(0, 1) });
    const pathOf = (name: string): string => path.join(set, name);
    const { facts, records } = await readFiles(['a', 'b', 'c', 'd'].map(pathOf));
    expect(records.map(({ file, packet }) => `${file}#${packet}`)).toEqual(['1#1', '0#1']);
    expect(facts.files.map((file) => file.path)).toEqual(['b', 'd'].map(pathOf));
    const args = { count: 2, names: ['a', 'c'].map(pathOf) };
    expect(facts.warnings).toEqual([{ code: 'empty-files', file: null, byte: null, packet: null, args }]);
    await expect(readFiles(['a', 'c'].map(pathOf))).rejects.toThrow(/a: is empty/);
    const beside = await readFiles([pathOf('a'), folder({ e: pcap(0, 3) })]);
    expect(beside.records).toHaveLength(1);
    expect(beside.facts.warnings).toMatchObject([{ code: 'empty-files', args: { count: 1 } }]);
  });

  it('one that is no capture is an error that names it', async () => {
    const set = folder({ a: pcap(0, 1), b: 'text' });
    await expect(readFiles([path.join(set, 'a'), path.join(set, 'b')])).rejects.toThrow(/b: is text/);
  });

  it('more than are kept open at once, all overlapping: every packet is read, and the late ones are told', async () => {
    const count = OPEN_FILES_MAX + 6;
    const files = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`f${index}`, pcap(index, index, 1000 + index)]),
    );
    const { facts } = await readFiles([folder(files)]);
    expect(facts.packets).toBe(2 * count);
    expect(new Set(facts.warnings.map(({ code }) => code))).toEqual(new Set(['too-many-at-once']));
    expect(facts.warnings.length).toBeGreaterThanOrEqual(1);
  });

  it('hundreds that follow each other need one block', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`f${index}`, pcap(index & 255, index)]),
    );
    const { result, blocks } = await blocksFor(() => readFiles([folder(files)]));
    expect(result.records.map(({ timeNs }) => timeNs / 1e6)).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(result.facts.warnings).toEqual([]);
    expect(blocks).toBe(1);
  });
});

/** How many blocks were made meanwhile: each is a memory of its own. */
async function blocksFor<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly blocks: number }> {
  const { Memory } = WebAssembly;
  let blocks = 0;
  WebAssembly.Memory = class extends Memory {
    constructor(limits: object) {
      super(limits);
      blocks++;
    }
  };
  try {
    return { result: await work(), blocks };
  } finally {
    WebAssembly.Memory = Memory;
  }
}

describe('directories', () => {
  it('stand for the captures in them, found by their first bytes; the others are named in one warning', async () => {
    const made = folder({
      'gateway.pcap10': pcap(0, 10),
      'gateway.pcap9': pcap(0, 9),
      zipped: new Uint8Array(gzipSync(pcap(0, 11))),
      'notes.txt': 'what happened',
      'packed-notes.gz': new Uint8Array(gzipSync('what happened')),
      empty: '',
      'below/deeper.pcap': pcap(0, 1),
    });
    const { facts } = await readFiles([made]);
    expect(facts.files.map((file) => path.basename(file.path))).toEqual(['gateway.pcap9', 'gateway.pcap10', 'zipped']);
    expect(facts.warnings).toEqual([
      {
        code: 'skipped-files',
        file: null,
        byte: null,
        packet: null,
        args: { directory: made, count: 3, names: ['empty', 'notes.txt', 'packed-notes.gz'] },
      },
    ]);
  });

  it('without any capture', async () => {
    const made = folder({ a: 'text' });
    await expect(readFiles([made])).rejects.toMatchObject({ code: 'no-captures', failure: { files: 1 } });
    await expect(readFiles([folder({})])).rejects.toThrow(CaptureError);
  });
});

describe('arguments', () => {
  const made = folder({
    'gateway.pcap0': 'x',
    'gateway.pcap1': 'x',
    'gateway.pcap10': 'x',
    'other[1].pcap': 'x',
    '.gateway.pcap0': 'x',
    'sub1/a.pcap': 'x',
    'sub2/a.pcap': 'x',
  });
  const found = (pattern: string): string[] =>
    findInputs([path.join(made, pattern)]).files.map((each) => path.relative(made, each));

  it('patterns, as a shell would expand them, in the order in which people count', () => {
    expect(found('gateway.pcap*')).toEqual(['gateway.pcap0', 'gateway.pcap1', 'gateway.pcap10']);
    expect(found('gateway.pcap?')).toEqual(['gateway.pcap0', 'gateway.pcap1']);
    expect(found('gateway.pcap[!0]')).toEqual(['gateway.pcap1']);
    expect(found('.gate*')).toEqual(['.gateway.pcap0']);
    expect(found('sub*/*.pcap')).toEqual(['sub1/a.pcap', 'sub2/a.pcap']);
  });

  it('a name that is there is no pattern', () => {
    expect(found('other[1].pcap')).toEqual(['other[1].pcap']);
  });

  it('a pattern that nothing fits', () => {
    expect(() => found('nothing*')).toThrow('no file has such a name');
    expect(() => found('*/nothing*')).toThrow(CaptureError);
  });

  it('no file twice', () => {
    const one = path.join(made, 'gateway.pcap0');
    expect(findInputs([one, path.join(made, 'gateway.pcap?'), one]).files).toHaveLength(2);
  });

  it('a missing file stays, for opening it to tell', () => {
    expect(findInputs(['absent.pcap', '-'])).toEqual({ files: ['absent.pcap', '-'], directories: [] });
  });
});

describe('what is told on the way', () => {
  const large = folder({
    a: buildPcap(Array.from({ length: 40_000 }, (_, index) => ({ timeNs: index, bytes: new Uint8Array(1000) }))),
  });
  const inputs = findInputs([path.join(large, 'a')]);

  it('how many bytes of all were read', async () => {
    const told: Progress[] = [];
    await readCaptures(inputs, () => {}, { onProgress: (progress) => told.push(progress) });
    expect(told.length).toBeGreaterThan(1);
    expect(told.every(({ totalBytes }) => totalBytes === 24 + 40_000 * 1016)).toBe(true);
    expect(told.map(({ bytesRead }) => bytesRead)).toEqual(
      told.map(({ bytesRead }) => bytesRead).toSorted((a, b) => a - b),
    );
  });

  it('an end from outside: what was read is the capture, and says so', async () => {
    const aborted = new AbortController();
    let seen = 0;
    const facts = await readCaptures(
      inputs,
      (batch) => {
        seen += batch.count - batch.firstRow;
        aborted.abort();
      },
      { signal: aborted.signal },
    );
    expect(seen).toBeGreaterThan(0);
    expect(facts).toMatchObject({ interrupted: true, packets: seen });
    expect(facts.files).toMatchObject([{ truncated: true, packets: seen }]);
    expect(facts.warnings).toMatchObject([{ code: 'interrupted', file: 0, packet: seen + 1 }]);
  });
});
