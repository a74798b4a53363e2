import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, type SecureServerOptions } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { KeyLog, TlsPass, type TlsFacts } from '../../src/tls/index.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../build/certificate.ts';
import { Heard } from '../build/heard.ts';
import { framesOfLog, NGHTTP2_ABSENT, run, start } from '../build/nghttp2.ts';
import { portOf, Relay } from '../build/relay.ts';

/** HTTP/2 that nghttp2's programs and Node wrote to each other in TLS, read with the keys that one of them wrote down. */

const SEGMENT_BYTES = [1, 1460, 65_536] as const;
const BIG_BYTES = 40_000;

let directory: string;
const open: { close(): unknown }[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'watchpcap-peers-'));
  writeFileSync(join(directory, 'big'), 'x'.repeat(BIG_BYTES));
  writeFileSync(join(directory, 'key.pem'), PRIVATE_KEY);
  writeFileSync(join(directory, 'cert.pem'), CERTIFICATE);
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

/** Node as server. @returns its port, and the keys of its connections as they become known */
async function nodeServer(options: SecureServerOptions): Promise<{ port: number; keys(): string }> {
  let text = '';
  const server = createSecureServer({ key: PRIVATE_KEY, cert: CERTIFICATE, ...options }, (_request, response) => {
    response.setHeader('server', 'node');
    response.end('x'.repeat(BIG_BYTES));
  });
  server.on('keylog', (line: Buffer) => {
    text += line.toString('latin1');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => server.close() });
  return { port: portOf(server), keys: () => text };
}

async function relayTo(port: number): Promise<Relay> {
  const relay = await Relay.to(port);
  open.push(relay);
  return relay;
}

/** One connection, decrypted and read as HTTP, its writes in segments of at most so many bytes. */
function read(
  relay: Relay,
  connection: number,
  keys: string,
  segmentBytes: number,
): { heard: Heard; facts: TlsFacts | null } {
  const heard = new Heard();
  const keyLog = new KeyLog();
  keyLog.add(keys);
  let facts: TlsFacts | null = null;
  const tls = new TlsPass(keyLog, {
    bytes: (...told) => heard.pass.bytes(...told),
    gap: (_connection, side, lostBytes) => heard.pass.gap(0, side, lostBytes),
    decrypted: () => undefined,
    facts: (_connection, told) => (facts = told),
  });
  heard.pass.opened(0, true);
  tls.opened(0);
  for (const { side, bytes } of relay.of(connection)) {
    if (bytes === null) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += segmentBytes)
      tls.bytes(0, side, view, at, Math.min(at + segmentBytes, bytes.length));
  }
  return { heard, facts };
}

async function heardOf(
  relay: Relay,
  connection: number,
  keys: string,
): Promise<{ heard: Heard; facts: TlsFacts | null }> {
  await relay.over();
  const [first, ...others] = SEGMENT_BYTES.map((bytes) => read(relay, connection, keys, bytes));
  if (first === undefined) throw new Error('a way to cut');
  for (const { heard } of [first, ...others]) {
    expect(heard.pass.counters).toMatchObject({ lost: 0, illegalFrames: 0, hpackErrors: 0, hpackBadIndices: 0 });
    expect(heard.frames).toEqual(first.heard.frames);
  }
  return first;
}

describe.skipIf(NGHTTP2_ABSENT !== null)(
  `nghttp2 in TLS${NGHTTP2_ABSENT === null ? '' : ` (${NGHTTP2_ABSENT})`}`,
  () => {
    test.each([
      ['TLSv1.3', 0x0304],
      ['TLSv1.2', 0x0303],
    ] as const)('nghttp to Node over %s: every frame as nghttp says', async (version, number) => {
      const server = await nodeServer({ minVersion: version, maxVersion: version });
      const relay = await relayTo(server.port);
      const log = await run('nghttp', ['-v', '-n', '-y', '-m3', `https://127.0.0.1:${relay.port}/api/v1/nodes`]);
      const [sent, got] = framesOfLog(log, 0);
      const { heard, facts } = await heardOf(relay, 0, server.keys());
      expect(facts).toMatchObject({ version: number, keys: 'used' });
      expect(heard.frames[0]).toEqual(sent);
      expect(heard.frames[1].slice(0, got.length)).toEqual(got);
      expect(got.filter(({ type, fields }) => type === 'HEADERS' && fields[':status'] === '200')).toHaveLength(3);
    });

    test.each(['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])(
      'h2load to nghttpd with %s and a key log of its own: as many answers and bytes as it counted',
      async (suite) => {
        const server = await start('nghttpd', (port) => [
          '--address=127.0.0.1',
          `--htdocs=${directory}`,
          String(port),
          join(directory, 'key.pem'),
          join(directory, 'cert.pem'),
        ]);
        open.push({ close: () => server.stop() });
        const relay = await relayTo(server.port);
        const keyFile = join(directory, `${suite}.keys`);
        const args = ['-n12', '-c2', '-m4', `--tls13-ciphers=${suite}`, `https://127.0.0.1:${relay.port}/big`];
        const text = await run('h2load', args, { SSLKEYLOGFILE: keyFile });
        const keys = readFileSync(keyFile, 'latin1');
        const each = await Promise.all([0, 1].map((connection) => heardOf(relay, connection, keys)));
        expect(text).toContain('requests: 12 total, 12 started, 12 done, 12 succeeded');
        expect(text).toContain(`Cipher: ${suite}`);
        const told = each.flatMap(({ heard }) => heard.calls);
        const dataBytes = told.reduce(
          (sum, [call, , side, , bytes]) => (call === 'data' && side === 1 ? sum + Number(bytes) : sum),
          0,
        );
        expect(dataBytes).toBe(12 * BIG_BYTES);
        expect(Number(/\((\d+)\) data/.exec(text)?.[1])).toBe(dataBytes);
        const answers = each.flatMap(({ heard }) => heard.frames[1]).filter(({ type }) => type === 'HEADERS');
        expect(answers.map(({ fields }) => fields[':status'])).toEqual(Array.from({ length: 12 }, () => '200'));
      },
    );
  },
);
