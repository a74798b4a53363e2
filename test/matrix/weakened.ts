import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A record of a little-endian pcap: its header, and what was captured. */
interface PcapRecord {
  readonly header: Buffer;
  readonly data: Buffer;
}

export interface PcapFile {
  readonly head: Buffer;
  readonly records: readonly PcapRecord[];
}

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const CAPTURED_AT = 8;

/** A pcap of the lab, packed or not. */
export function pcapFrom(path: string): PcapFile {
  const raw = readFileSync(path);
  const file = path.endsWith('.gz') ? gunzipSync(Uint8Array.from(raw)) : raw;
  const records: PcapRecord[] = [];
  for (let at = FILE_HEADER_BYTES; at < file.length;) {
    const from = at + RECORD_HEADER_BYTES;
    const bytes = file.readUInt32LE(at + CAPTURED_AT);
    records.push({ header: file.subarray(at, from), data: file.subarray(from, from + bytes) });
    at = from + bytes;
  }
  return { head: file.subarray(0, FILE_HEADER_BYTES), records };
}

export function bytesOf({ head, records }: PcapFile): Uint8Array {
  const parts = [head, ...records.flatMap(({ header, data }) => [header, data])];
  return Uint8Array.from(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

/** With at most so many bytes of each packet, as `tcpdump -s` leaves them. */
export function cutTo({ head, records }: PcapFile, snaplen: number): PcapFile {
  const cut = records.map(({ header, data }) => {
    const shorter = Buffer.from(Uint8Array.from(header));
    shorter.writeUInt32LE(Math.min(data.length, snaplen), CAPTURED_AT);
    return { header: shorter, data: data.subarray(0, snaplen) };
  });
  return { head, records: cut };
}

/** Without each packet at a chance of `share`, as a capturing host that was too slow leaves them out. The same seed leaves out the same. */
export function lossy({ head, records }: PcapFile, share: number, seed: number): PcapFile {
  const next = chances(seed);
  return { head, records: records.filter(() => next() >= share) };
}

/** Numbers from 0 to 1 (mulberry32). */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
