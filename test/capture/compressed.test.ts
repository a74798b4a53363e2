import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { gunzip, type GunzipOutcome } from '../../src/capture/gunzip.ts';
import { buildPcap, type PcapRecord } from '../build/pcap.ts';
import { buildPcapng, joined } from '../build/pcapng.ts';
import { buildZstd } from '../build/zstd.ts';
import { memorySource, readAll, readFiles, type ReadResult } from './records.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-compressed-'));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
async function readPacked(packed: Uint8Array): Promise<ReadResult> {
  const file = path.join(folder, `${written++}.bin`);
  writeFileSync(file, packed);
  return await readFiles([file]);
}

/** The same through a named pipe. */
async function readPiped(packed: Uint8Array): Promise<ReadResult> {
  const file = path.join(folder, `${written++}.bin`);
  const pipe = `${file}.pipe`;
  writeFileSync(file, packed);
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', 'exec cat -- "$1" > "$2"', 'sh', file, pipe], { stdio: 'ignore' });
  const ended = once(writer, 'exit');
  const result = await readFiles([pipe]);
  await ended;
  return result;
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += 128 * 1024) yield await Promise.resolve(bytes.slice(at, at + 128 * 1024));
}

/** Bytes that do not pack at all. */
function noise(bytes: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >>> 24;
  });
}

function gzip(content: Uint8Array): Uint8Array {
  return new Uint8Array(gzipSync(content));
}

/** Bytes that do not pack well, so that a cut in the packed file is a cut somewhere in the records. */
function records(count: number, seed = 1): PcapRecord[] {
  let state = seed;
  return Array.from({ length: count }, (_, index) => ({
    timeNs: index * 1_000_000,
    bytes: Uint8Array.from({ length: 60 + (index % 50) }, () => {
      state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      return state >> 16;
    }),
  }));
}

const built = records(300);
const plain = buildPcap(built);
const expected = readAll(memorySource(plain)).records;

describe('gzip', () => {
  const packed = gzip(plain);

  it('gives the same records; the file counts its own bytes', async () => {
    const { records: got, facts } = await readPacked(packed);
    expect(got).toEqual(expected);
    expect(facts.files).toMatchObject([
      { compression: 'gzip', format: 'pcap', bytes: packed.length, packets: 300, truncated: false },
    ]);
    expect(facts.warnings).toEqual([]);
  });

  it('of a file larger than what is unpacked at once', async () => {
    const large = buildPcap(records(20_000));
    const { records: got, facts } = await readPacked(gzip(large));
    expect(got).toEqual(readAll(memorySource(large)).records);
    expect(facts.warnings).toEqual([]);
  });

  it('of pcapng', async () => {
    expect((await readPacked(gzip(buildPcapng(built)))).records).toEqual(expected);
  });

  it('members one after the other, an empty one among them, and zero padding', async () => {
    const members = [plain.subarray(0, 5000), new Uint8Array(0), plain.subarray(5000, 9001), plain.subarray(9001)];
    const { records: got, facts } = await readPacked(joined([...members.map(gzip), new Uint8Array(1000)]));
    expect(got).toEqual(expected);
    expect(facts.warnings).toEqual([]);
  });

  it('cut anywhere: what could be unpacked is read, and one warning says so', async () => {
    let most = 0;
    for (let length = 1000; length < packed.length; length += 997) {
      const { records: got, facts } = await readPacked(packed.subarray(0, length));
      expect(got).toEqual(expected.slice(0, got.length));
      expect(got.length).toBeGreaterThanOrEqual(most);
      expect(facts.warnings).toMatchObject([
        { code: 'compressed-cut', file: 0, packet: got.length + 1, args: { compression: 'gzip', kind: 'cut' } },
      ]);
      expect(facts.files).toMatchObject([{ truncated: true, bytes: length }]);
      most = got.length;
    }
    expect(most).toBeGreaterThan(250);
  });

  it('cut within its checksum: every record is there', async () => {
    for (const missing of [1, 4, 8]) {
      const { records: got, facts } = await readPacked(packed.subarray(0, -missing));
      expect(got).toEqual(expected);
      expect(facts.warnings.map(({ code }) => code)).toEqual(['compressed-cut']);
    }
  });

  it('a wrong checksum or length: every record is there, and a warning', async () => {
    for (const at of [8, 1]) {
      const wrong = packed.slice();
      wrong[wrong.length - at] = (wrong[wrong.length - at] ?? 0) ^ 0x55;
      const { records: got, facts } = await readPacked(wrong);
      expect(got).toEqual(expected);
      expect(facts.warnings).toMatchObject([{ code: 'compressed-damaged', args: { kind: 'checksum' } }]);
    }
  });

  it('junk behind it: every record is there, and a warning', async () => {
    for (const junk of [3, 500, 200_000]) {
      const { records: got, facts } = await readPacked(joined([packed, new Uint8Array(junk).fill(0x41)]));
      expect(got).toEqual(expected);
      expect(facts.warnings).toMatchObject([{ code: 'compressed-damaged', args: { kind: 'damaged' } }]);
    }
  });

  it('damage in the middle: what stands before it is read', async () => {
    const large = records(20_000);
    const wanted = readAll(memorySource(buildPcap(large))).records;
    const damaged = gzip(buildPcap(large));
    const middle = damaged.length >> 1;
    damaged.fill(0xff, middle, middle + 2000);
    const { records: got, facts } = await readPacked(damaged);
    expect(got.length).toBeGreaterThan(9000);
    // What unpacks within the damage may be anything: the last few may differ.
    expect(got.slice(0, 9000)).toEqual(wanted.slice(0, 9000));
    expect(facts.warnings.map(({ code }) => code)).toContain('compressed-damaged');
  });

  it('a damaged second member: what stands before the damage is found in few writes', async () => {
    const first = buildPcap(records(2000));
    // Noise is stored: blocks of 16,383 bytes behind a header of 5 (RFC 1951 §3.2.4).
    const second = gzip(noise(400_000, 7));
    const wholeBlocks = 7;
    second[10 + wholeBlocks * (5 + 16_383)] = 0x06; // RFC 1951 §3.2.3: the reserved type
    const damaged = joined([gzip(first), second]);
    const writes = vi.spyOn(Duplex.prototype, 'write');
    const outcome: GunzipOutcome = { damage: undefined };
    let total = 0;
    for await (const bytes of gunzip(piecesOf(damaged), outcome, () => [damaged])) total += bytes.length;
    const writesCount = writes.mock.calls.length;
    writes.mockRestore();
    expect(outcome.damage).toEqual({ compression: 'gzip', kind: 'damaged' });
    const readable = first.length + wholeBlocks * 16_383;
    expect(total).toBeGreaterThan(readable - 16);
    expect(total).toBeLessThanOrEqual(readable);
    expect(writesCount).toBeGreaterThan(0);
    expect(writesCount).toBeLessThan(300);
  });

  it('damage in what a pipe brings: all before it is read, as from a file', async () => {
    const damaged = gzip(buildPcap(records(20_000)));
    const middle = damaged.length >> 1;
    damaged.fill(0xff, middle, middle + 2000);
    const fromFile = await readPacked(damaged);
    const fromPipe = await readPiped(damaged);
    expect(fromPipe.records.length).toBeGreaterThan(9000);
    expect(fromPipe.records).toEqual(fromFile.records);
    expect(fromPipe.facts.warnings).toEqual(fromFile.facts.warnings);
  });

  it('damage in a pipe behind what is kept of it: a piece is lost at most', async () => {
    const recordBytes = 100_000;
    const large = Array.from({ length: 200 }, (_, i) => ({ timeNs: i, bytes: noise(recordBytes, i + 1) }));
    const damaged = gzip(buildPcap(large));
    const at = 18_000_000;
    damaged.fill(0xff, at, at + 2000);
    const { records: got } = await readPiped(damaged);
    const whole = Math.floor((at - 16 * 1024) / (recordBytes + 16)) - 1;
    expect(got.length).toBeGreaterThanOrEqual(whole);
    expect(got.slice(0, whole)).toEqual(readAll(memorySource(buildPcap(large))).records.slice(0, whole));
  });

  it('made to fill memory is unpacked in small steps', async () => {
    const empty = new Uint8Array(200 * 1024 * 1024);
    const bomb = new Uint8Array(gzipSync(empty, { level: 9 }));
    expect(bomb.length).toBeLessThan(250_000);
    const outcome = { damage: undefined };
    let [largest, atOnce, total] = [0, 0, 0];
    for await (const bytes of gunzip(piecesOf(bomb), outcome, () => undefined)) {
      total += bytes.length;
      atOnce += bytes.length;
      largest = Math.max(largest, atOnce);
      // What one write to zlib unpacked to comes without a turn of the event loop in between.
      setImmediate(() => (atOnce = 0));
    }
    expect(total).toBe(empty.length);
    expect(largest).toBeLessThan(16 * 1024 * 1024);
  });

  it('of nothing, and of what is no capture', async () => {
    await expect(readPacked(gzip(new Uint8Array(0)))).rejects.toThrow('is empty');
    await expect(readPacked(packed.subarray(0, 12))).rejects.toThrow('its gzip stream gives nothing');
    await expect(readPacked(gzip(new TextEncoder().encode('no capture')))).rejects.toThrow('is text');
    await expect(readPacked(gzip(packed))).rejects.toThrow('is gzip-compressed, which is not read');
  });
});

/** RFC 8878 §3.1.2. */
function skippedFrame(bytes: number): Uint8Array {
  const frame = new Uint8Array(8 + bytes);
  const header = new DataView(frame.buffer);
  header.setUint32(0, 0x184d2a5f, true);
  header.setUint32(4, bytes, true);
  return frame;
}

describe('zstd', () => {
  const packed = buildZstd(plain);

  it('gives the same records', async () => {
    const { records: got, facts } = await readPacked(packed);
    expect(got).toEqual(expected);
    expect(facts.files).toMatchObject([{ compression: 'zstd', bytes: packed.length, truncated: false }]);
    expect(facts.warnings).toEqual([]);
  });

  it('of a file larger than what is unpacked at once', async () => {
    const large = buildPcap(records(20_000));
    expect((await readPacked(buildZstd(large))).records).toEqual(readAll(memorySource(large)).records);
  });

  it('frames one after the other', async () => {
    const frames = [plain.subarray(0, 5000), plain.subarray(5000)].map((each) => buildZstd(each));
    expect((await readPacked(joined(frames))).records).toEqual(expected);
  });

  it('behind frames that are skipped, as pzstd writes them, and many empty ones', async () => {
    const skipped = skippedFrame(4);
    const many = Array.from({ length: 3000 }, () => skipped);
    const empty = Array.from({ length: 300 }, () => buildZstd(new Uint8Array(0)));
    for (const before of [[skipped], many, empty]) {
      const { records: got, facts } = await readPacked(joined([...before, packed, ...before]));
      expect(got).toEqual(expected);
      expect(facts.warnings).toEqual([]);
    }
  });

  it('cut anywhere: no record is wrong, and one warning says so', async () => {
    for (let length = 2000; length < packed.length; length += 997) {
      const { records: got, facts } = await readPacked(packed.subarray(0, length));
      expect(got).toEqual(expected.slice(0, got.length));
      expect(facts.warnings).toMatchObject([{ code: 'compressed-cut', args: { compression: 'zstd' } }]);
    }
  });

  it('damage in the middle ends it, and loops nowhere', async () => {
    const large = buildZstd(buildPcap(records(20_000)));
    large.fill(0xff, 600_006, 600_400);
    const { records: got, facts } = await readPacked(large);
    expect(got.length).toBeGreaterThan(3000);
    expect(facts.warnings.length).toBeGreaterThan(0);
  });

  it('junk behind it: every record is there, and a warning', async () => {
    const { records: got, facts } = await readPacked(joined([packed, new Uint8Array(500).fill(0x41)]));
    expect(got).toEqual(expected);
    expect(facts.warnings).toHaveLength(1);
  });

  it('a window beyond what is taken is refused with the command that reads it', async () => {
    const behind = [[], [skippedFrame(4)], [skippedFrame(300_000), skippedFrame(0)]];
    for (const before of behind)
      await expect(readPacked(joined([...before, buildZstd(plain, 0x90)]))).rejects.toThrow(
        /needs 256 MiB to be unpacked; pipe it: zstd -d --long=31 -c .*bin \| watchpcap analyze -/,
      );
  });

  it('of a frame that is skipped, whatever its size looks like, no window is read', async () => {
    // As a header's, these two bytes of the size would ask for 288 MiB.
    const { records: got, facts } = await readPacked(joined([skippedFrame(0x9100), packed]));
    expect(got).toEqual(expected);
    expect(facts.warnings).toEqual([]);
  });
});
