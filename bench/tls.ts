import { createCipheriv, createDecipheriv } from 'node:crypto';
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

const ROUNDS = 7;
const RECORDS = 10_000;
/** What a record holds: a PING, a watch's event, the most there is. */
const SIZES = [34, 1_400, 16_384] as const;
const SEGMENT_BYTES = 1_448;
/** The goal: so much a record and a byte. */
const RECORD_US = 6;
const BYTE_US = 0.001;

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

/** CPU time of this process, all its threads together: what else runs on the machine hardly changes it. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** @returns microseconds a record, of the tls stage alone, cut into segments as they come from a wire */
function usPerRecord(records: Uint8Array, size: number): number {
  const { pass, read } = begun();
  const view = new DataView(records.buffer);
  const from = cpuUs();
  for (let at = 0; at < records.length; at += SEGMENT_BYTES)
    pass.bytes(0, 0, view, at, Math.min(at + SEGMENT_BYTES, records.length));
  const us = (cpuUs() - from) / RECORDS;
  if (read() !== RECORDS * size) throw new Error(`${read()} bytes were decrypted, not ${RECORDS * size}`);
  return us;
}

/** What node:crypto itself takes for as many records of that size, used as its documentation does: one decipher a record. */
function bareUsPerRecord(size: number): number {
  const key = new Uint8Array(16).fill(3);
  const nonce = new Uint8Array(12).fill(4);
  const header = new Uint8Array(5).fill(5);
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(header);
  const sealed = Uint8Array.from(cipher.update(new Uint8Array(size + 1)));
  cipher.final();
  const tag = Uint8Array.from(cipher.getAuthTag());
  let bytes = 0;
  const from = cpuUs();
  for (let n = 0; n < RECORDS; n++) {
    const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAAD(header).setAuthTag(tag);
    bytes += decipher.update(sealed).length + decipher.final().length;
  }
  const us = (cpuUs() - from) / RECORDS;
  if (bytes !== RECORDS * (size + 1)) throw new Error(`${bytes} bytes were decrypted, not ${RECORDS * (size + 1)}`);
  return us;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The second of two runs: what is left to collect when it begins is its own kind's, as at its end. */
function second(run: () => number): number {
  run();
  return run();
}

/** In each round both, so that whatever disturbs the machine disturbs both. */
function figuresOf(size: number): Figure[] {
  const sealer = new Sealer(secretOf('CLIENT_TRAFFIC_SECRET_0'));
  const content = new Uint8Array(size).fill(0x7a);
  const records = concat(...Array.from({ length: RECORDS }, () => sealer.seal(APPLICATION_DATA, content)));
  const rounds = Array.from({ length: ROUNDS }, () => ({
    own: second(() => usPerRecord(records, size)),
    bare: second(() => bareUsPerRecord(size)),
  }));
  const own = median(rounds.map((round) => round.own));
  const ratio = median(rounds.map((round) => round.own / round.bare));
  const name = `TLS record of ${size} bytes`;
  return [
    { name, value: own, unit: ' us', most: RECORD_US + size * BYTE_US, isLater: false },
    { name: `${name}, to bare node:crypto`, value: ratio, unit: 'x', most: Number.NaN, isLater: false },
  ];
}

/**
 * Prints what decrypting costs in CPU time: TLS_AES_128_GCM_SHA256, in this process, medians of ROUNDS. It is what the tls stage takes from
 * a segment's bytes to the content told, putting together what segments cut included; no packet is decoded, and nothing is read of the content.
 */
export function printTls(): void {
  process.stdout.write(`${renderFigures(SIZES.flatMap(figuresOf))}\n`);
}
