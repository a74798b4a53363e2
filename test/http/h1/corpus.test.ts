import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findInputs, Moment, readCaptures } from '../../../src/capture/index.ts';
import { FLAG, STOP, Segment, decodePacket } from '../../../src/decode/index.ts';
import { HttpPass } from '../../../src/http/index.ts';
import { TcpPass, type TcpSink } from '../../../src/tcp/index.ts';
import { CORPUS_ABSENT, corpusFiles } from '../../build/corpus.ts';
import { HttpRecord } from '../../build/http-record.ts';

/** A cell holds several values where a packet completes several messages. */
type Cell = string | readonly string[] | undefined;

interface Answer {
  readonly http1: {
    readonly messages: readonly {
      readonly packet: number;
      readonly stream: number;
      readonly method?: Cell;
      readonly uri?: Cell;
      readonly version?: Cell;
      readonly status?: Cell;
    }[];
  } | null;
  readonly streams: readonly { readonly stream: number }[];
}

interface Messages {
  readonly requests: string[];
  readonly statuses: string[];
}

const ENDING = '.tshark.json';
const UPGRADED = 'h2';

/** Wireshark lists a response at its last byte, we at its head: in these some have none, but every request has its response. */
const NEVER_COMPLETE: ReadonlySet<string> = new Set([
  'suricata-http-connect-http-connect-fragmented.pcap',
  'wswiki-http_redirects.pcapng',
  'zeek-entity_gap.pcap',
]);

function listOf(cell: Cell): readonly string[] {
  return cell === undefined ? [] : typeof cell === 'string' ? [cell] : cell;
}

function withoutQuery(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 1)[0] || '/';
}

function expected(answer: Answer): Record<number, Messages> {
  const all: Record<number, Messages> = {};
  for (const { stream, method, uri, version, status } of answer.http1?.messages ?? []) {
    const connection = answer.streams.findIndex((each) => each.stream === stream);
    const messages = (all[connection] ??= { requests: [], statuses: [] });
    const uris = listOf(uri);
    listOf(method).forEach((name, nth) => {
      // RFC 9112 §3: without a whole version the line is no request line.
      if (!/^HTTP\/1\.\d$/.test(listOf(version)[nth] ?? '')) return;
      messages.requests.push(name === 'CONNECT' ? name : `${name} ${withoutQuery(uris[nth] ?? '')}`);
    });
    messages.statuses.push(...listOf(status));
  }
  return all;
}

function told(record: HttpRecord): Record<number, Messages> {
  const all: Record<number, Messages> = {};
  const protocols = new Map<number, unknown>();
  for (const [call, connection, side, , fields] of record.calls) {
    if (call === 'protocol') protocols.set(connection, side);
    if (call !== 'headers' || protocols.get(connection) === UPGRADED) continue;
    const { method, path, status } = fields as { method?: string; path?: string; status?: number };
    const messages = (all[connection] ??= { requests: [], statuses: [] });
    if (method !== undefined) messages.requests.push(path === undefined ? method : `${method} ${withoutQuery(path)}`);
    if (status !== undefined) messages.statuses.push(String(status));
  }
  return all;
}

async function readHttp(path: string): Promise<HttpRecord> {
  const moment = new Moment();
  const record = new HttpRecord();
  const pass = new HttpPass(moment, record);
  const segment = new Segment();
  const sink: TcpSink = {
    opened: (connection, first) => {
      pass.opened(connection, (first.flags & FLAG.syn) !== 0);
    },
    segment: () => undefined,
    bytes: (connection, side, view, at, end) => {
      pass.bytes(connection, side, view, at, end);
    },
    gap: (connection, side, lostBytes) => {
      pass.gap(connection, side, lostBytes);
    },
  };
  const tcp = new TcpPass(moment, sink);
  await readCaptures(
    findInputs([path]),
    ({ view, firstRow, count, at, capturedBytes, originalBytes, linkType, timeNs }) => {
      for (let row = firstRow; row < count; row++) {
        moment.ns[0] = timeNs[row] ?? 0;
        const from = at[row] ?? 0;
        const end = from + (capturedBytes[row] ?? 0);
        const stop = decodePacket(view, from, end, originalBytes[row] ?? 0, linkType[row] ?? 0, segment);
        if (stop === STOP.none) tcp.segment(segment, view);
      }
    },
  );
  tcp.finish();
  return record;
}

const files = corpusFiles('http1', ENDING);

describe.skipIf(files.length === 0)(
  `captures of HTTP/1.1 by others${files.length === 0 ? ` (${CORPUS_ABSENT})` : ''}`,
  () => {
    test.each(files.map((file) => [basename(file, ENDING), file]))(
      '%s: every request and response, in its order',
      async (name, file) => {
        const answer: Answer = JSON.parse(readFileSync(file, 'utf8'));
        const ours = told(await readHttp(file.slice(0, -ENDING.length)));
        const theirs = expected(answer);
        for (const [connection, { requests, statuses }] of Object.entries(ours)) {
          if (!NEVER_COMPLETE.has(name)) break;
          expect(statuses).toHaveLength(requests.length);
          statuses.length = theirs[Number(connection)]?.statuses.length ?? 0;
        }
        expect(ours).toEqual(theirs);
      },
    );
  },
);
