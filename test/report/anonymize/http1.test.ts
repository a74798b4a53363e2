import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NameBook } from '../../../src/report/anonymize/name-book.ts';
import { Http1Runs } from '../../../src/report/anonymize/payload/http1.ts';
import { Likeness } from '../../../src/report/anonymize/payload/likeness.ts';
import { joined } from '../../../src/report/anonymize/payload/run.ts';
import { SizedNames } from '../../../src/report/anonymize/payload/sized-names.ts';
import type { Report } from '../../../src/report/index.ts';
import { growth, LINEAR_MAX } from '../../build/growth.ts';
import { concat, headers, PREFACE, settings } from '../../build/h2.ts';
import { HpackEncoder, latin1 } from '../../build/hpack.ts';
import { composed, gatewayMute } from '../scenarios.ts';
import { rewrittenExtract } from './rewritten-extract.ts';

const C1 = { from: '10.9.1.2:49739', to: '10.9.1.1:80', link: 'RAW' } as const;
const BACK = { from: C1.to, to: C1.from, link: 'RAW' } as const;
const UPSTREAM = { from: '10.9.2.1:40112', to: '10.9.2.2:8080', link: 'RAW' } as const;
const PATH = '/api/v1/namespaces/zq7-payments/pods/zq7-ledger-0/log?follow=true&container=zq7';

interface Said {
  readonly side: 'client' | 'server';
  readonly text: string;
}

const asks = (text: string): Said => ({ side: 'client', text });
const answers = (text: string): Said => ({ side: 'server', text });

/** The story's client connection in HTTP/1.1: what stands in for what is said on it, message by message. */
function told(...said: readonly Said[]): string[] {
  const story = composed(gatewayMute());
  const connections = story.connections.map((each) => ({ ...each, protocol: 'http1' as const }));
  const report: Report = { ...story, connections };
  const next = { client: 1, server: 9001 };
  const packets = said.map(({ side, text }) => {
    const payload = latin1(text);
    const packet = { ...(side === 'client' ? C1 : BACK), seq: next[side], payload, flags: 'ACK' };
    next[side] += payload.length;
    return packet;
  });
  const syns = [
    { ...C1, seq: 0, flags: 'SYN' },
    { ...BACK, seq: 9000, ack: 1, flags: 'SYN,ACK' },
  ];
  const { payloads } = rewrittenExtract(report, [...syns, ...packets]);
  return payloads.slice(2).map((bytes) => Buffer.from(bytes).toString('latin1'));
}

/** What stands in for one direction's bytes, which begin with a request. */
function rewritten(segments: readonly string[]): string {
  const { bytes, starts } = joined(segments.map((text) => latin1(text)));
  const runs = new Http1Runs(new SizedNames(new NameBook(null)), new Likeness(), [], true, true);
  return Buffer.from(runs.rewrite({ position: 0, bytes, starts, lostAfter: null })).toString('latin1');
}

const request = (path: string, fields = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: zq7.example:6443\r\n${fields}\r\n`;

describe('of HTTP/1.1', () => {
  test('a request keeps its method, the API’s words and its framing; names have stand-ins of the same length', () => {
    const fields =
      'User-Agent: kubelet/v1.31.0 (linux/amd64) zq7\r\nAuthorization: Bearer zq7\r\nX-Zq7: zq7\r\nConnection: close\r\n';
    const [head = ''] = told(asks(request(PATH, fields)));
    expect(head).toHaveLength(request(PATH, fields).length);
    expect(head).toMatch(
      /^GET \/api\/v1\/namespaces\/ns-1\w{8}\/pods\/name-1\w{6}\/log\?follow=true&container=\w{3} HTTP\/1\.1\r\nHost: host-\d\w{5}:6443\r\n/,
    );
    expect(head).toMatch(
      /User-Agent: kubelet\/v1\.31\.0 \w{13} \w{3}\r\nxxxxxxxxxxxxx: xxxxxxxxxx\r\nxxxxx: xxx\r\nConnection: close\r\n\r\n$/,
    );
  });

  test('bodies become numbers, the same for the same bytes; lengths and chunks stay', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const [, head, first, second, third] = told(
      asks(request('/api/v1/pods?watch=true')),
      answers(chunked),
      answers('7\r\nzq7 one\r\n'),
      answers('7\r\nzq7 two\r\n'),
      answers('7\r\nzq7 one\r\n0\r\nx-zq7: zq7\r\n\r\n'),
    );
    expect(head).toBe(chunked.replace('OK', 'xx'));
    expect(first).toBe('7\r\n\0\0\0\x01\0\0\0\r\n');
    expect(second).toBe('7\r\n\0\0\0\x02\0\0\0\r\n');
    expect(third).toBe('7\r\n\0\0\0\x01\0\0\0\r\n0\r\nxxxxx: xxx\r\n\r\n');
  });

  test('an error’s usual words stay, so that it is still known who made it', () => {
    const body = 'no healthy upstream for zq7';
    const answer = `HTTP/1.1 503 Service Unavailable\r\nContent-Length: ${body.length}\r\nServer: envoy\r\n\r\n${body}`;
    const [, error = ''] = told(asks(request('/healthz')), answers(answer));
    expect(error).toMatch(
      /^HTTP\/1\.1 503 x{7} x{11}\r\nContent-Length: 27\r\nServer: envoy\r\n\r\nno healthy upstream\0/,
    );
    expect(error).toHaveLength(answer.length);
  });

  test('messages one behind the other, and HEAD, have no body where there is none', () => {
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
    const [heads, all] = told(asks(`HEAD / HTTP/1.1\r\n\r\n${request('/version')}`), answers(`${ok}${ok}zq7`));
    expect(heads?.match(/HTTP\/1\.1/g)).toHaveLength(2);
    const [, toldHead = ''] = /^(.*?\r\n\r\n)/s.exec(all ?? '') ?? [];
    expect(all).toBe(`${toldHead}${toldHead}\0\0\x01`);
  });

  test('what is behind a change of protocol, and what is no message, is zeros', () => {
    const upgrade = `${request('/api/v1/namespaces/a/pods/b/exec', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}`;
    const [, , tunnel, other] = told(
      asks(upgrade),
      answers('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      answers('zq7 in a tunnel'),
      asks('zq7 in the other direction'),
    );
    expect([tunnel, other]).toEqual(['\0'.repeat(15), '\0'.repeat(26)]);
  });

  test('a PROXY header before it has stand-ins of the same length, or names nobody', () => {
    const text = 'PROXY TCP4 10.9.1.123 10.9.1.1 55555 80\r\n';
    const [line = ''] = told(asks(text + request('/version')));
    expect(line.slice(0, text.length)).toMatch(/^PROXY (?:TCP4 198\.18\.\S+ 198\.18\.\S+ 55555 80|UNKNOWN {26})\r\n$/);
    expect(line.slice(text.length)).toMatch(/^GET \/version HTTP\/1\.1\r\n/);
    const binary = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\x0a\x09\x01\x7b\x0a\x09\x01\x01\xd9\x03\0\x50\x02\0\x01z';
    const [header = ''] = told(asks(binary + request('/version')));
    expect(header.slice(0, 16)).toBe(binary.slice(0, 16));
    expect(header.slice(16, 18)).toBe('\xc6\x12');
    expect(header.slice(20, 22)).toBe('\xc6\x12');
    expect(header.slice(24, binary.length)).toBe('\xd9\x03\0\x50\0\0\0\0');
    expect(header.slice(binary.length)).toMatch(/^GET \/version HTTP\/1\.1\r\n/);
  });

  test('a flood of what almost begins a message takes no longer than its bytes', () => {
    const flood = (n: number): Said[] =>
      Array.from({ length: n }, () => asks(`GET /zq7 HTTP/9\n${'zq7\n'.repeat(300)}`));
    expect(told(asks('zq7'), ...flood(500)).join('')).not.toContain('zq7');
    expect(growth((n) => told(asks('zq7'), ...flood(n)), 75)).toBeLessThan(LINEAR_MAX);
  });

  test.each([
    ['that are no starts', 'GET /\n', 1_000],
    ['whose line does not end', 'GET /', 3_000],
  ])('segments %s take time as they are many, and not as their pairs are', (_, segment, many) => {
    expect(growth((n) => rewritten(Array.from({ length: n }, () => segment)), many)).toBeLessThan(LINEAR_MAX);
  });

  test('blanks within a value take time as they are many, and not as their pairs are', () => {
    const line = (n: number): string => request('/version', `X-Zq7: zq7${' \t'.repeat(n)}zq7 \t\r\n`);
    expect(rewritten([line(2)])).toMatch(/\r\nxxxxx: x{10} \t\r\n\r\n$/);
    expect(growth((n) => rewritten([line(n)]), 1_000)).toBeLessThan(LINEAR_MAX);
  });

  test('behind a head that is too long the next messages are told, and answers belong to what was asked', () => {
    const long = request('/version', `X-Zq7: ${'zq7'.repeat(300)}\r\n`.repeat(80));
    const pieces = long.match(/.{1,1400}/gs) ?? [];
    const length = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
    const all = told(...pieces.map(asks), asks('HEAD /healthz HTTP/1.1\r\n\r\n'), answers(`${length}zq7${length}`));
    expect(long.length).toBeGreaterThan(64 * 1024);
    expect(all[0]).toMatch(/^GET \/version HTTP\/1\.1\r\nHost: host-\d\w{5}:6443\r\nxxxxx: x{900}\r\n/);
    expect(all.slice(-2)).toEqual([
      'HEAD /healthz HTTP/1.1\r\n\r\n',
      `${length}\0\0\x01${length}`.replaceAll('OK', 'xx'),
    ]);
  });

  test('of transfer codings those stay that everybody has', () => {
    const codings = (value: string): string => `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${value}\r\n\r\n`;
    const chunk = '3\r\nzq7\r\n';
    const [, own = ''] = told(asks(request('/version')), answers(codings('zq7, GZip;zq7=1,chunked') + chunk));
    expect(own).toMatch(/^HTTP\/1\.1 200 xx\r\nTransfer-Encoding: \w{3}, GZip;\S{5},chunked\r\n\r\n3\r\n/);
    expect(own.endsWith('\r\n3\r\n\0\0\x01\r\n')).toBe(true);
    expect(own).not.toContain('zq7');
  });

  test('whatever comes, in whatever pieces, as many bytes are told, and no word that is somebody’s', () => {
    const word = fc.constantFrom(
      'GET ',
      '/zq7',
      ' HTTP/1.1',
      '\r\n',
      ':',
      'zq7',
      'Host',
      '\r\n\r\n',
      '5\r\n',
      'HTTP/1.1 200 ',
      ' ',
      '\t',
    );
    const piece = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(''));
    const story = fc.array(fc.tuple(fc.boolean(), piece), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(story, (pieces) => {
        const said = pieces.map(([isClient, text]) => (isClient ? asks(text) : answers(text)));
        const all = told(...said);
        expect(all.map(({ length }) => length)).toEqual(said.map(({ text }) => text.length));
        expect(all.join(' ')).not.toContain('zq7');
      }),
      { numRuns: 60 },
    );
  });
});

test('a path has one stand-in in HTTP/1.1 and in HTTP/2, coded or not, so that a request that was passed on is found again', () => {
  const story = composed(gatewayMute());
  const connections = story.connections.map((each) =>
    each.client.port === 49739 ? each : { ...each, protocol: 'http1' as const },
  );
  const block = new HpackEncoder().encode([
    [':method', 'GET'],
    [':path', PATH],
  ]);
  const { payloads } = rewrittenExtract({ ...story, connections }, [
    { ...C1, seq: 1, payload: concat(PREFACE, settings(), headers(1, block)), flags: 'ACK' },
    { ...UPSTREAM, seq: 0, flags: 'SYN' },
    { ...UPSTREAM, seq: 1, payload: latin1(request(PATH)), flags: 'ACK' },
  ]);
  const [, path = ''] = /^GET (\S+) /.exec(Buffer.from(payloads[2] ?? []).toString('latin1')) ?? [];
  expect(path).toHaveLength(PATH.length);
  const again = new HpackEncoder().encode([
    [':method', 'GET'],
    [':path', path],
  ]);
  expect(Buffer.from(payloads[0] ?? []).subarray(-again.length)).toEqual(Buffer.from(again));
});
