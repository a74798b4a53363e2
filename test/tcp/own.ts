import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildPcap } from '../build/pcap.ts';
import { randomTalks } from './talk.ts';
import type { Labels } from './tshark.ts';

const RECORDED = ['samples', 'test/captures', 'test/tcp/captures'].flatMap((place) =>
  readdirSync(place)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => join(place, name)),
);

/** Writes random conversations to a file in `folder`. @returns its path */
export function talksFile(folder: string, count: number, seed: number): string {
  const file = join(folder, `talks-${count}-${seed}.pcap`);
  writeFileSync(file, buildPcap(randomTalks(count, seed), { resolution: 'ns' }));
  return file;
}

/** Our own captures whose labels by Wireshark are committed; random conversations among them, which are written to `folder`. */
export function ownCaptures(folder: string): string[] {
  return [...RECORDED, talksFile(folder, 60, 6)];
}

/** The file with what Wireshark 4.0.17 says of a capture of our own. */
export function oracleOf(capture: string): string {
  return join('test/tcp/oracles', `${basename(capture)}.json`);
}

export function committedLabels(capture: string): Labels {
  return JSON.parse(readFileSync(oracleOf(capture), 'utf8')) as Labels;
}
