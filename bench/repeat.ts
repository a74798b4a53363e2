import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { LINK_BYTES, RECORD_HEADER_BYTES, FILE_HEADER_BYTES, IP_BYTES } from './capture-file.ts';
import { CLIENT_PORT, UPSTREAM_PORT } from './gateway.ts';

const BLOCK_BYTES = 16 * 1024 * 1024;
/** Between the end of one copy and the start of the next. */
const PAUSE_US = 5_000_000;
/** More than all the ports that one copy uses on one address. */
const PORT_STEP = 1000;

/**
 * Writes a capture made by `writeTraffic` several times over into one file. Each copy comes after the one before it,
 * and its connections have other ports at the ends that opened them.
 */
export function repeatCapture(source: string, target: string, copies: number, durationUs: number): void {
  const out = openSync(target, 'w');
  for (let copy = 0; copy < copies; copy++) {
    copyOnce(source, out, copy, copy * (durationUs + PAUSE_US));
  }
  closeSync(out);
}

function copyOnce(source: string, out: number, copy: number, laterUs: number): void {
  const input = openSync(source, 'r');
  const block = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(block.buffer);
  // The file's header stands once, at the beginning.
  let kept = readSync(input, block, 0, FILE_HEADER_BYTES, null);
  if (copy > 0) kept = 0;
  let at = kept;
  for (;;) {
    const read = readSync(input, block, kept, BLOCK_BYTES - kept, null);
    if (read === 0) break;
    const end = kept + read;
    at = shiftRecords(view, at, end, copy * PORT_STEP, laterUs);
    writeAll(out, block.subarray(0, at));
    block.copyWithin(0, at, end);
    kept = end - at;
    at = 0;
  }
  closeSync(input);
}

/** @returns the offset after the last record that lies whole before `end` */
function shiftRecords(view: DataView, from: number, end: number, ports: number, laterUs: number): number {
  let at = from;
  while (at + RECORD_HEADER_BYTES <= end) {
    const next = at + RECORD_HEADER_BYTES + view.getUint32(at + 8, true);
    if (next > end) break;
    const timeUs = view.getUint32(at, true) * 1e6 + view.getUint32(at + 4, true) + laterUs;
    const seconds = Math.floor(timeUs / 1e6);
    view.setUint32(at, seconds, true);
    view.setUint32(at + 4, timeUs - seconds * 1e6, true);
    const tcp = at + RECORD_HEADER_BYTES + LINK_BYTES + IP_BYTES;
    shiftPort(view, tcp, ports);
    shiftPort(view, tcp + 2, ports);
    at = next;
  }
  return at;
}

function shiftPort(view: DataView, at: number, by: number): void {
  const port = view.getUint16(at);
  if (port !== CLIENT_PORT && port !== UPSTREAM_PORT) view.setUint16(at, port + by);
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done);
}
