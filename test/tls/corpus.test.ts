import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Moment, openSource, readCapture } from '../../src/capture/index.ts';
import { decodePacket, Segment, STOP } from '../../src/decode/index.ts';
import { TcpPass } from '../../src/tcp/index.ts';
import { KeyLog, TlsPass } from '../../src/tls/index.ts';
import { CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';

interface Part {
  readonly bytes: number;
  readonly sha256: string;
}

interface Answer {
  readonly keylog?: string;
  readonly tls: {
    readonly streams: readonly {
      readonly stream: number;
      readonly cipher: string | null;
      readonly serverVersion: readonly string[] | null;
      readonly decrypted?: { readonly from0: Part | null; readonly from1: Part | null };
    }[];
  } | null;
}

/** SSL 3.0 to TLS 1.1, and suites without encryption: not decrypted here, nobody serves them any more. */
const LEFT_OUT: ReadonlySet<string> = new Set(['0x0301', '0x0302', '0x0300']);
const NULL_CIPHERS: ReadonlySet<string> = new Set(['0x003b']);

/** All of its connections are compressed (RFC 3749), which nobody should do any more. */
const COMPRESSED = 'tlsdecryption-dump.pcapng';
/** Captures of which nothing is compared. */
const NOT_READ: Readonly<Record<string, string>> = {
  'lekensteyn-mysql-ssl.pcapng': 'TLS 1.0',
  'lekensteyn-tls-null.pcapng': 'no encryption',
};

const rows: string[] = [];
afterAll(() => {
  if (rows.length > 0) console.log(`decrypted as Wireshark does, both directions by SHA-256:\n${rows.join('\n')}`);
});

const ENDING = '.tshark.json';
const files = corpusFiles('tls', ENDING).filter((file) => {
  if (basename(file, ENDING) === COMPRESSED) return false;
  const { keylog }: Answer = JSON.parse(readFileSync(file, 'utf8'));
  return keylog !== undefined && existsSync(file.slice(0, -ENDING.length));
});

/** What each side of each connection said inside TLS. */
function decrypted(path: string, keys: string): Map<number, [number[], number[]]> {
  const said = new Map<number, [number[], number[]]>();
  const keyLog = new KeyLog();
  keyLog.add(keys);
  const moment = new Moment();
  const inside = new Set<number>();
  const tls = new TlsPass(keyLog, {
    bytes: (connection, side, view, at, end) => {
      if (!inside.has(connection)) return;
      const both = said.get(connection) ?? [[], []];
      for (let next = at; next < end; next++) both[side].push(view.getUint8(next));
      said.set(connection, both);
    },
    gap: () => undefined,
    decrypted: (connection) => inside.add(connection),
  });
  const tcp = new TcpPass(moment, {
    opened: (connection) => {
      // A clock step of decades makes a new connection of what follows.
      inside.delete(connection);
      tls.opened(connection);
    },
    segment: () => undefined,
    bytes: (...told) => tls.bytes(...told),
    gap: (connection, side, lostBytes) => tls.gap(connection, side, lostBytes),
  });
  const segment = new Segment();
  readCapture(openSource(path), (batch) => {
    for (let row = batch.firstRow; row < batch.count; row++) {
      const at = batch.at[row] ?? 0;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      const end = at + (batch.capturedBytes[row] ?? 0);
      const stop = decodePacket(batch.view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? 0, segment);
      if (stop === STOP.none) tcp.segment(segment, batch.view);
    }
  });
  tcp.finish();
  return said;
}

function digest(bytes: readonly number[]): string {
  return createHash('sha256').update(Uint8Array.from(bytes)).digest('hex');
}

describe.skipIf(files.length === 0)(`TLS with a key log${files.length === 0 ? ` (${CORPUS_ABSENT})` : ''}`, () => {
  test.each(files.map((file) => [basename(file, ENDING), file] as const))('%s', (name, file) => {
    const { tls, keylog = '' }: Answer = JSON.parse(readFileSync(file, 'utf8'));
    const keys = readFileSync(file.replace(basename(file), keylog), 'utf8');
    const said = decrypted(file.slice(0, -ENDING.length), keys);
    let compared = 0;
    for (const { stream, cipher, serverVersion, decrypted: parts } of tls?.streams ?? []) {
      if (parts === undefined || NULL_CIPHERS.has(cipher ?? '')) continue;
      if (serverVersion?.some((version) => LEFT_OUT.has(version)) === true) continue;
      const wanted = [parts.from0, parts.from1].flatMap((part) =>
        part === null || part.bytes === 0 ? [] : [part.sha256],
      );
      const told = (said.get(stream) ?? [[], []]).filter((bytes) => bytes.length > 0).map(digest);
      expect(told.toSorted(), `stream ${stream}, ${cipher}`).toEqual(wanted.toSorted());
      const [to, from] = said.get(stream) ?? [[], []];
      rows.push(
        `${name} ${stream}`.padEnd(46) +
          `${cipher}`.padEnd(8) +
          `${to.length}`.padStart(9) +
          `${from.length}`.padStart(9),
      );
      compared++;
    }
    expect(compared > 0 || Object.hasOwn(NOT_READ, name), name).toBe(true);
  });
});
