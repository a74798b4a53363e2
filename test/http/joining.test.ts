import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findInputs, Moment, readCaptures } from '../../src/capture/index.ts';
import { decodePacket, FLAG, Segment, STOP } from '../../src/decode/index.ts';
import { HttpPass } from '../../src/http/index.ts';
import { TcpPass } from '../../src/tcp/index.ts';
import { corpusFiles } from '../build/corpus.ts';
import { HttpRecord } from '../build/http-record.ts';

const CUTS = 200;

interface Packet {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly originalBytes: number;
  readonly linkType: number;
}

async function packetsOf(path: string): Promise<Packet[]> {
  const packets: Packet[] = [];
  await readCaptures(findInputs([path]), (batch) => {
    for (let row = batch.firstRow; row < batch.count; row++) {
      const at = batch.view.byteOffset + (batch.at[row] ?? 0);
      packets.push({
        number: packets.length + 1,
        bytes: new Uint8Array(batch.view.buffer, at, batch.capturedBytes[row] ?? 0).slice(),
        originalBytes: batch.originalBytes[row] ?? 0,
        linkType: batch.linkType[row] ?? 0,
      });
    }
  });
  return packets;
}

/** Frames by who sent them to whom, each with the packet that completed it, and how long it is. */
type Frames = Map<string, { readonly text: string; readonly packet: number; readonly bytes: number }[]>;

function framesOf(packets: readonly Packet[]): Frames {
  const frames: Frames = new Map();
  const moment = new Moment();
  const ends = new Map<number, readonly [string, string]>();
  const http = new HttpPass(moment, new HttpRecord(), {
    frame: (connection, side, type, flags, streamId, length) => {
      const key = (ends.get(connection) ?? ['', ''])[side];
      const of = frames.get(key) ?? [];
      frames.set(key, of);
      of.push({
        text: `${type} ${flags} ${streamId} ${length}`,
        packet: moment.packet,
        bytes: length + 9,
      });
    },
    head: () => undefined,
  });
  const tcp = new TcpPass(moment, {
    opened: (connection, first) => {
      const [from, to] = [tcp.connections.port(connection, 0), tcp.connections.port(connection, 1)];
      const [near, far] = ([0, 1] as const).map((side) =>
        ([3, 2, 1, 0] as const).map((word) => tcp.connections.addressWord(connection, side, word)).join('.'),
      );
      ends.set(connection, [`${near}:${from}>${far}:${to}`, `${far}:${to}>${near}:${from}`]);
      http.opened(connection, (first.flags & FLAG.syn) !== 0);
    },
    segment: () => undefined,
    bytes: (...told) => http.bytes(...told),
    gap: (connection, side, lostBytes) => http.gap(connection, side, lostBytes),
  });
  const segment = new Segment();
  for (const { number, bytes, originalBytes, linkType } of packets) {
    moment.packet = number;
    moment.ns[0] = number * 1e6;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (decodePacket(view, 0, bytes.length, originalBytes, linkType, segment) === STOP.none) tcp.segment(segment, view);
  }
  tcp.finish();
  return frames;
}

/** The places at which a capture is cut: all of them, or so many spread over it by a generator that always gives the same. */
function cutsOf(packets: number): number[] {
  if (packets <= CUTS) return Array.from({ length: packets }, (_, i) => i);
  return Array.from({ length: CUTS }, (_, i) => ((i + 1) * 2_654_435_761) % packets);
}

const own = ['samples', 'test/captures'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => join(folder, name)),
);
const files = [...own, ...corpusFiles('http2', '.tshark.json').map((file) => file.slice(0, -'.tshark.json'.length))];

describe('captures of HTTP/2 that begin at any packet', () => {
  const lost: number[] = [];
  let frames = 0;
  let cuts = 0;

  afterAll(() => {
    const sorted = lost.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    console.log(
      `${files.length} captures cut at ${cuts} packets: ${frames} frames agree; bytes of whole frames lost before trust, of ` +
        `${lost.length} flows: ${at(0.5)} (median), ${at(0.9)} (nine of ten), ${at(1)} (most)`,
    );
  });

  test.each(files.map((file) => [basename(file), file] as const))(
    '%s: from the first trusted one on, all frames are those of the uncut run',
    async (_, file) => {
      const packets = await packetsOf(file);
      const uncut = framesOf(packets);
      for (const cut of cutsOf(packets.length)) {
        cuts++;
        for (const [flow, told] of framesOf(packets.slice(cut))) {
          const all = uncut.get(flow) ?? [];
          // What was sent again behind the cut had been told before it.
          const truly = all.slice(all.length - told.length);
          const texts = (of: typeof told): string[] => of.map(({ text }) => text);
          expect(texts(told), `${flow} from packet ${cut + 1}`).toEqual(texts(truly));
          // What was kept until a boundary was sure is told at the packet that made it so.
          const sureAt = told[0]?.packet ?? 0;
          expect(told.map(({ packet }) => packet)).toEqual(truly.map(({ packet }) => Math.max(packet, sureAt)));
          frames += told.length;
          const before = all.slice(0, all.length - told.length).filter(({ packet }) => packet > cut);
          lost.push(before.reduce((sum, { bytes }) => sum + bytes, 0));
        }
      }
    },
  );
});
