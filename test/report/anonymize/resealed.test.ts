import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/report/index.ts';
import { KeyLog } from '../../../src/tls/index.ts';
import { latin1 } from '../../build/hpack.ts';
import { tlsConversation, type TlsConversation, type TlsOptions } from '../../build/tls.ts';
import { Stage } from '../../tls/stage.ts';
import { composed, gatewayMute } from '../scenarios.ts';
import { rewrittenExtract, type Told } from './rewritten-extract.ts';

const CLIENT = { from: '10.9.1.2:49739', to: '10.9.1.1:80' } as const;
const SERVER = { from: CLIENT.to, to: CLIENT.from } as const;
const ASKED =
  'GET /api/v1/namespaces/zq7-payments/pods/zq7-ledger HTTP/1.1\r\nHost: zq7.example\r\nAuthorization: Bearer zq7zq7\r\n\r\n';
const BODY = 'zq7 '.repeat(9000);
const ANSWERED = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\nX-Zq7: zq7\r\n\r\n${BODY}`;
const SEGMENT_BYTES = 1448;

const NO_ENCRYPT_THEN_MAC = 0x80000;
const RETRY: TlsOptions = { client: { ecdhCurve: 'X25519:P-384' }, server: { ecdhCurve: 'P-384' } };

interface Sent {
  readonly side: 0 | 1;
  readonly seq: number;
  readonly payload: Uint8Array;
}

function segmentsOf({ handshake, said }: TlsConversation): Sent[] {
  const next: [number, number] = [1001, 5001];
  return [...handshake, ...said.flat()].flatMap(({ side, bytes }) => {
    const sent: Sent[] = [];
    for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
      const payload = bytes.slice(at, at + SEGMENT_BYTES);
      sent.push({ side, seq: next[side], payload });
      next[side] += payload.length;
    }
    return sent;
  });
}

/** The segments of the story's client connection as TLS, in an anonymised extract. */
function disguised(segments: readonly Sent[], keyLog: string): Told {
  const story = composed(gatewayMute());
  const connections = story.connections.map((each) => ({ ...each, protocol: 'http1-tls' as const }));
  const report: Report = { ...story, connections };
  const keys = new KeyLog();
  keys.add(keyLog);
  const packets = segments.map(({ side, ...sent }) => ({
    ...(side === 0 ? CLIENT : SERVER),
    ...sent,
    link: 'RAW' as const,
  }));
  const syns = [
    { ...CLIENT, seq: 1000, flags: 'SYN', link: 'RAW' as const },
    { ...SERVER, seq: 5000, ack: 1001, flags: 'SYN,ACK', link: 'RAW' as const },
  ];
  const told = rewrittenExtract(report, [...syns, ...packets], keys);
  return { ...told, payloads: told.payloads.slice(2) };
}

function readAgain(segments: readonly Sent[], { payloads, keyLog }: Told): Stage {
  const flights = payloads.map((bytes, i) => ({ side: segments[i]?.side ?? 0, bytes }));
  return new Stage(keyLog).sendCut(flights, SEGMENT_BYTES);
}

const talk = (version: 'TLSv1.2' | 'TLSv1.3', suite?: string, more?: TlsOptions): Promise<TlsConversation> =>
  tlsConversation(
    version,
    suite,
    [
      [0, latin1(ASKED)],
      [1, latin1(ANSWERED)],
    ],
    more,
  );

describe('TLS that was opened is sealed again', () => {
  test.each([
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', {}],
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', {}],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', {}],
    ['TLSv1.3', 'TLS_AES_128_CCM_SHA256', {}],
    ['TLSv1.3', undefined, RETRY],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256', {}],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', {}],
    ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305', {}],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-CCM', {}],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA256', {}],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384', { client: { secureOptions: NO_ENCRYPT_THEN_MAC } }],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA', {}],
  ] as const)('%s %s', async (version, suite, more) => {
    const conversation = await talk(version, suite, more);
    const segments = segmentsOf(conversation);
    const told = disguised(segments, conversation.keyLog);
    expect(told.payloads.map(({ length }) => length)).toEqual(segments.map(({ payload }) => payload.length));
    const { said, gaps, facts } = readAgain(segments, told);
    expect(gaps).toEqual([]);
    expect(facts?.keys).toBe('used');
    const [asked = '', answered = ''] = said;
    expect(asked).toMatch(/^GET \/api\/v1\/namespaces\/ns-\d\w+\/pods\/name-\d\w+ HTTP\/1\.1\r\nHost: host-\d\w+\r\n/);
    expect([asked.length, answered.length]).toEqual([ASKED.length, ANSWERED.length]);
    expect(answered).toMatch(/^HTTP\/1\.1 200 xx\r\nContent-Length: 36000\r\nxxxxx: xxx\r\n\r\n/);
    expect(asked + answered).not.toContain('zq7');
  });

  test('nothing of its secrets, randoms, names and keys is left, in clear or inside', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const conversation = await tlsConversation(version, undefined, [[0, latin1(ASKED)]], {
        client: { servername: 'zq7.example' } as TlsOptions['client'] & object,
      });
      const segments = segmentsOf(conversation);
      const { payloads, keyLog } = disguised(segments, conversation.keyLog);
      const all = payloads.map((bytes) => Buffer.from(bytes).toString('hex')).join('') + keyLog;
      const hello = Buffer.from(conversation.handshake[0]?.bytes ?? new Uint8Array(0)).toString('hex');
      const random = hello.slice(22, 86);
      // The ids of sessions are behind their lengths.
      const sessions = hello.slice(86, 88) === '20' ? [hello.slice(88, 152)] : [];
      expect(sessions).toHaveLength(version === 'TLSv1.2' ? 0 : 1);
      const secrets = conversation.keyLog.split(/\s+/).filter((word) => /^[0-9a-f]{64,}$/.test(word));
      expect(secrets.length).toBeGreaterThan(1);
      expect(secrets).toContain(random);
      for (const secret of [...secrets, ...sessions, Buffer.from('zq7').toString('hex')])
        expect(all).not.toContain(secret);
      expect(keyLog).toMatch(version === 'TLSv1.2' ? /^CLIENT_RANDOM / : /^[A-Z]+_HANDSHAKE_TRAFFIC_SECRET /);
    }
  });

  test('with other secrets, randoms and keys hellos and stand-in secrets are the same', async () => {
    const [one, other] = [await talk('TLSv1.3'), await talk('TLSv1.3')];
    const [first, second] = [one, other].map((each) => disguised(segmentsOf(each), each.keyLog));
    expect([first?.payloads[0], first?.keyLog]).toEqual([second?.payloads[0], second?.keyLog]);
  });

  test('what was sent again, out of turn or in other pieces has the bytes of the first time', async () => {
    const conversation = await talk('TLSv1.3');
    const segments = segmentsOf(conversation);
    const whole = disguised(segments, conversation.keyLog).payloads;
    const nth = segments.findIndex(({ side, payload }) => side === 1 && payload.length === SEGMENT_BYTES) + 4;
    const [early, late] = [segments[nth], segments[nth + 1]];
    if (early === undefined || late === undefined) throw new Error('the answer is too short');
    const part = { ...early, seq: early.seq + 100, payload: early.payload.slice(100, 300) };
    const shuffled = [...segments.slice(0, nth), late, early, part, ...segments.slice(nth + 2)];
    const told = disguised(shuffled, conversation.keyLog).payloads;
    const expected = [
      ...whole.slice(0, nth),
      whole[nth + 1],
      whole[nth],
      whole[nth]?.slice(100, 300),
      ...whole.slice(nth + 2),
    ];
    expect(told).toEqual(expected);
  });

  test('of a record that does not open, and of all without its secrets, only headers are left', async () => {
    const conversation = await talk('TLSv1.3');
    const segments = segmentsOf(conversation);
    const { payloads, keyLog } = disguised(segments, '');
    expect(keyLog).toBe('');
    const answers = Buffer.concat(payloads.filter((_, i) => segments[i]?.side === 1));
    let sealed = 0;
    for (let at = 0; at + 5 <= answers.length; at += 5 + answers.readUInt16BE(at + 3)) {
      if (answers[at] !== 0x17) continue;
      expect(answers.subarray(at + 5, at + 5 + answers.readUInt16BE(at + 3)).every((byte) => byte === 0)).toBe(true);
      sealed++;
    }
    expect(sealed).toBeGreaterThan(3);
  });
});
