import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import type { Incident, Window } from '../../src/incident/index.ts';

const SAMPLE = 'samples/gateway-keepalive.pcap';
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-cut-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const whole = readFileSync(SAMPLE);
/** Where each packet's record begins, and where the last one ends. */
const borders = [FILE_HEADER_BYTES];
for (let at = FILE_HEADER_BYTES; at < whole.length; borders.push(at))
  at += RECORD_HEADER_BYTES + whole.readUInt32LE(at + 8);
const packets = borders.length - 1;

/** Packets from one to another, as a file of their own. */
function part(name: string, from: number, to: number): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    Uint8Array.from([...whole.subarray(0, FILE_HEADER_BYTES), ...whole.subarray(borders[from], borders[to])]),
  );
  return path;
}

/** What proves the windows: by code, connection and the packets to look at. */
function proofOf({ findings }: Incident): object[] {
  return findings
    .filter(({ severity }) => severity === 'critical')
    .map(({ code, connection, stream, packets }) => ({
      code,
      connection,
      stream,
      packets: packets.map(({ packet }) => packet),
    }));
}

async function windowsOf(...paths: string[]): Promise<readonly Window[]> {
  return (await analyzeFiles(paths)).incident.windows;
}

function shape({ fromNs, toNs, cause, end, streams }: Window): object {
  return { fromNs, toNs, cause, how: end.how, streams: streams.map(({ id, outcome }) => [id, outcome]) };
}

test('cut after a window’s end, a capture says the same of it', async () => {
  const { incident } = await analyzeFiles([SAMPLE]);
  const all = incident.windows;
  const lastPacket = Math.max(...all.map(({ end }) => end.at?.packet ?? Infinity));
  expect(lastPacket).toBeLessThan(packets);
  for (const to of [lastPacket + 4, Math.floor((lastPacket + packets) / 2), packets - 1]) {
    const cut = (await analyzeFiles([part('after.pcap', 0, to)])).incident;
    expect(cut.windows.map(shape)).toEqual(all.map(shape));
    expect(proofOf(cut)).toEqual(proofOf(incident));
    expect(cut.verdict).toEqual(incident.verdict);
  }
});

test('cut earlier, it says that the window goes on, and since when as before, or too little for one', async () => {
  const [first] = await windowsOf(SAMPLE);
  const last = first?.end.at?.packet ?? 0;
  const told: number[] = [];
  for (let to = 60; to < last; to++) {
    for (const window of await windowsOf(part('before.pcap', 0, to))) {
      told.push(to);
      expect(window).toMatchObject({ fromNs: first?.fromNs, onset: first?.onset, cause: first?.cause, toNs: null });
      expect(window.durationNs).toBeLessThanOrEqual(first?.durationNs ?? 0);
    }
  }
  expect(told.length).toBeGreaterThan(0);
});

test('the order in which the files of a rotation are named changes nothing', async () => {
  const parts = [
    part('rotated.pcap0', 0, 50),
    part('rotated.pcap1', 50, 100),
    part('rotated.pcap2', 100, packets),
  ] as const;
  const [a, b, c] = parts;
  const all = (await windowsOf(SAMPLE)).map(shape);
  for (const order of [
    [a, b, c],
    [c, b, a],
    [b, a, c],
  ])
    expect((await windowsOf(...order)).map(shape)).toEqual(all);
});
