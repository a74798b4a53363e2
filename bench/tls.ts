import { KeyLog, TlsPass } from '../src/tls/index.ts';
import { concat } from '../test/build/h2.ts';
import {
  APPLICATION_DATA,
  clientHello,
  encryptedExtensions,
  FINISHED,
  HANDSHAKE,
  keyLine,
  Sealer,
  serverHello,
} from '../test/build/tls13.ts';
import type { Figure } from './figures.ts';
import { renderFigures } from './table.ts';

const ROUNDS = 5;
const RECORDS = 10_000;
/** What a record holds: a PING, a watch's event, the most there is. */
const SIZES = [34, 1_400, 16_384] as const;
const SEGMENT_BYTES = 1_448;
/** The goal: so much a record and a byte. */
const RECORD_US = 6;
const BYTE_US = 0.001;
const US = 1e3;

const RANDOM = new Uint8Array(32).fill(1);
const LABELS = [
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
] as const;

function secretOf(label: (typeof LABELS)[number]): Uint8Array {
  return new Uint8Array(32).fill(2 + LABELS.indexOf(label));
}

/** A pass that has read a handshake and waits for the client's records. @returns it with the bytes that came out of it */
function begun(): { pass: TlsPass; read: () => number } {
  const keys = new KeyLog();
  for (const label of LABELS) keys.add(keyLine(label, RANDOM, secretOf(label)));
  let told = 0;
  const pass = new TlsPass(keys, {
    bytes: (_connection, _side, _view, at, end) => (told += end - at),
    gap: () => undefined,
    decrypted: () => undefined,
  });
  pass.opened(0);
  const send = (side: 0 | 1, bytes: Uint8Array): void =>
    pass.bytes(0, side, new DataView(bytes.buffer), 0, bytes.length);
  send(0, clientHello(RANDOM, false));
  send(1, serverHello(false));
  send(1, new Sealer(secretOf(LABELS[1])).seal(HANDSHAKE, concat(encryptedExtensions(false), FINISHED)));
  send(0, new Sealer(secretOf(LABELS[0])).seal(HANDSHAKE, FINISHED));
  return { pass, read: () => told };
}

/** @returns microseconds a record, cut into segments as they come from a wire */
function usPerRecord(records: Uint8Array, size: number): number {
  const { pass, read } = begun();
  const view = new DataView(records.buffer);
  const from = performance.now();
  for (let at = 0; at < records.length; at += SEGMENT_BYTES)
    pass.bytes(0, 0, view, at, Math.min(at + SEGMENT_BYTES, records.length));
  const us = ((performance.now() - from) * US) / RECORDS;
  if (read() !== RECORDS * size) throw new Error(`${read()} bytes were decrypted, not ${RECORDS * size}`);
  return us;
}

/** Prints what decrypting costs on one core: TLS_AES_128_GCM_SHA256, in this process, the median of ROUNDS. */
export function printTls(): void {
  const figures = SIZES.map((size): Figure => {
    const sealer = new Sealer(secretOf('CLIENT_TRAFFIC_SECRET_0'));
    const content = new Uint8Array(size).fill(0x7a);
    const records = concat(...Array.from({ length: RECORDS }, () => sealer.seal(APPLICATION_DATA, content)));
    const times = Array.from({ length: ROUNDS }, () => usPerRecord(records, size)).toSorted((a, b) => a - b);
    const value = times[ROUNDS >> 1] ?? Number.NaN;
    return { name: `TLS record of ${size} bytes`, value, unit: 'us', most: RECORD_US + size * BYTE_US, isLater: false };
  });
  process.stdout.write(`${renderFigures(figures)}\n`);
}
