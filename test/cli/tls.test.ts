import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { concat, data, headers, PREFACE, settings } from '../build/h2.ts';
import { HpackEncoder } from '../build/hpack.ts';
import { tlsConversation, type Flight, type TlsConversation } from '../build/tls.ts';
import { interfaceBlock, secretsBlock, section } from '../build/pcapng.ts';
import { type Tcp, Wire } from '../build/wire.ts';
import { watchpcap } from './command.ts';

const GATEWAY = '10.9.0.2';
const WATCH = '/api/v1/pods?watch=1';
const EVENT = JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'pod-1', uid: 'a-b-c' } } });
const SECRET = 'Bearer s3cret-token';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A watch over HTTP/2 in TLS: request, then response with an event, then another event. */
async function watch(version: 'TLSv1.2' | 'TLSv1.3', ciphers?: string): Promise<TlsConversation> {
  const asks = new HpackEncoder().encode([
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', WATCH],
    [':authority', 'kubernetes'],
    ['user-agent', 'kubelet/v1.31'],
    ['authorization', SECRET],
  ]);
  const status = new HpackEncoder().encode([[':status', '200']]);
  return await tlsConversation(version, ciphers, [
    [0, concat(PREFACE, settings(), headers(1, asks, { endStream: true }))],
    [1, concat(settings(), headers(1, status), data(1, EVENT))],
    [1, data(1, EVENT)],
  ]);
}

function send(tcp: Tcp, seconds: number, flights: readonly Flight[]): void {
  for (const [i, { side, bytes }] of flights.entries()) {
    const at = seconds + i * 0.000_5;
    if (side === 0) tcp.asks(at, bytes);
    else tcp.answers(at, bytes);
  }
}

/** Both legs in TLS; the upstream's second event is never acknowledged. */
async function capture(
  near: TlsConversation,
  far: TlsConversation,
): Promise<{ path: string; keys: string; withKeys: string; bare: Uint8Array }> {
  const wire = new Wire(GATEWAY);
  const client = wire.connect('10.9.1.2:50001', `${GATEWAY}:443`, 0);
  const upstream = wire.connect(`${GATEWAY}:40001`, '10.9.2.1:6443', 0.1);
  send(client, 0.2, near.handshake);
  send(upstream, 0.3, far.handshake);
  send(client, 1, near.said[0] ?? []);
  send(upstream, 1.01, far.said[0] ?? []);
  send(upstream, 1.02, far.said[1] ?? []);
  send(client, 1.03, near.said[1] ?? []);
  const event = concat(...(far.said[2] ?? []).map(({ bytes }) => bytes));
  upstream.inVain(1, event, 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
  const path = join(folder, 'gateway.pcap');
  const keys = join(folder, 'keys.txt');
  writeFileSync(path, wire.pcap(120));
  const withKeys = join(folder, 'gateway.pcapng');
  writeFileSync(keys, near.keyLog + far.keyLog);
  writeFileSync(withKeys, wire.pcapng(120, near.keyLog + far.keyLog));
  return { path, keys, withKeys, bare: wire.pcapng(120, '') };
}

async function analyze(...args: readonly string[]): Promise<{
  readonly status: number | null;
  readonly stdout: string;
  readonly report: Report;
}> {
  const { status, stdout } = await watchpcap(['analyze', '--format', 'json', ...args]);
  return { status, stdout, report: JSON.parse(stdout) as Report };
}

describe('an incident in TLS', () => {
  test.each([
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA'],
  ] as const)('%s %s: with the key log it is told as in clear', async (version, ciphers) => {
    const conversation = await watch(version, ciphers);
    const { path, keys } = await capture(conversation, await watch(version, ciphers));
    const { status, stdout, report } = await analyze(path, '--keylog', keys);
    expect([status, report.verdict.state]).toEqual([1, 'half-dead']);
    expect(report.connections.slice(0, 2).map(({ protocol }) => protocol)).toEqual(['h2-tls', 'h2-tls']);
    expect(report.windows).toMatchObject([
      { client: 'c1', upstream: 'u1', streams: [{ id: 1, path: WATCH, upstreamStream: 1 }] },
    ]);
    expect(stdout).not.toContain('s3cret');
  });

  test('with the secrets in a pcapng it needs no key log, and says none of them', async () => {
    const conversation = await watch('TLSv1.3');
    const { withKeys } = await capture(conversation, await watch('TLSv1.3'));
    const { status, stdout, report } = await analyze(withKeys);
    expect([status, report.connections[0]?.protocol]).toEqual([1, 'h2-tls']);
    expect(report.trust.map(({ code }) => code)).not.toContain('keys-unfit');
    const secrets = conversation.keyLog.split('\n').flatMap((line) => line.split(' ').slice(1));
    expect(secrets.filter((secret) => secret !== '' && stdout.includes(secret))).toEqual([]);
  });

  test('secrets behind the packets that need them are used too, in a section of their own or beside others', async () => {
    const [near, far] = [await watch('TLSv1.3'), await watch('TLSv1.3')];
    const { bare } = await capture(near, far);
    const keysOf = (keyLog: string): Uint8Array =>
      section([interfaceBlock({}), secretsBlock(new TextEncoder().encode(keyLog))]);
    const late = join(folder, 'late.pcapng');
    for (const parts of [
      [bare, keysOf(near.keyLog + far.keyLog)],
      [keysOf(far.keyLog), bare, keysOf(near.keyLog)],
    ]) {
      writeFileSync(late, concat(...parts));
      const { report } = await analyze(late);
      expect(report.connections.slice(0, 2).map(({ protocol }) => protocol)).toEqual(['h2-tls', 'h2-tls']);
      expect(report.windows).toHaveLength(1);
    }
  });

  test('without the key log it is TLS, and nobody is accused of what cannot be seen', async () => {
    const { path } = await capture(await watch('TLSv1.3'), await watch('TLSv1.3'));
    const { status, report } = await analyze(path);
    expect(report.connections.slice(0, 2).map(({ protocol }) => protocol)).toEqual(['tls', 'tls']);
    expect([status, report.verdict.state, report.windows]).toEqual([2, 'suspect', []]);
  });

  test('an anonymised extract of it is TLS still, and tells the same of who was dead', async () => {
    const { path } = await capture(await watch('TLSv1.3'), await watch('TLSv1.3'));
    const extract = join(folder, 'anonymous.pcapng');
    const { report: before } = await analyze(path, '--anonymize', '--extract', extract);
    const { report } = await analyze(extract);
    const outline = ({ verdict, connections }: Report): unknown[] => [
      verdict.state,
      ...connections
        .filter(({ protocol }) => protocol === 'tls')
        .map(({ client, server, liveness }) => [client, server, liveness.at(-1)?.state])
        .toSorted(),
    ];
    // The client's leg proves nothing here: it is not in the extract.
    expect(outline(report)).toHaveLength(2);
    expect(outline(before)).toEqual(expect.arrayContaining(outline(report)));
  });

  test('keys of one leg only: that leg is read', async () => {
    const near = await watch('TLSv1.3');
    const { path, keys } = await capture(near, await watch('TLSv1.3'));
    writeFileSync(keys, near.keyLog);
    const { report } = await analyze(path, '--keylog', keys);
    expect(report.connections.slice(0, 2).map(({ protocol }) => protocol)).toEqual(['h2-tls', 'tls']);
    expect(report.connections.slice(0, 2).map(({ tls }) => tls)).toMatchObject([
      { version: '1.3', keys: 'used' },
      { version: '1.3', keys: 'none' },
    ]);
    expect(report.trust.filter(({ code }) => code === 'keys-unfit').map(({ connection }) => connection)).toEqual([
      'u1',
    ]);
  });

  test('wrong keys: nothing is read, and nothing made up', async () => {
    const conversation = await watch('TLSv1.3');
    const { path, keys } = await capture(conversation, await watch('TLSv1.3'));
    writeFileSync(
      keys,
      conversation.keyLog
        .replaceAll(/[0-9a-f]{64}\n/g, `${'0'.repeat(64)}\n`)
        .replaceAll(/[0-9a-f]{96}\n/g, `${'0'.repeat(96)}\n`),
    );
    const { report } = await analyze(path, '--keylog', keys);
    expect(report.connections[0]?.streams).toEqual([]);
    expect(report.connections[0]?.protocol).toBe('tls');
    expect(report.connections.slice(0, 2).map(({ tls }) => tls?.keys)).toEqual(['wrong', 'none']);
    expect(report.trust.map(({ code }) => code)).toContain('keys-unfit');
  });

  test('a key log that is not there is a file that cannot be read', async () => {
    const { status } = await watchpcap(['analyze', 'samples/gateway.pcap', '--keylog', 'no.keys']);
    expect(status).toBe(66);
  });
});
