import { describe, expect, test } from 'vitest';
import { alertName } from '../../src/tls/index.ts';
import { type TlsConversation, tlsConversation } from '../build/tls.ts';
import { clientHello } from '../build/tls13.ts';
import { Stage } from './stage.ts';

const CLOSE_NOTIFY = { level: 1, description: 0 };
const HANDSHAKE_FAILURE = { level: 2, description: 40 };
const HELLO = clientHello(new Uint8Array(32).fill(1), false);
const REFUSAL = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);
/** Of another connection: the client's hello is kept until it is known that none is for it. */
const OTHER_KEYS = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}\n`;

function wholeOf({ handshake, said, bye }: TlsConversation): TlsConversation['bye'] {
  return [...handshake, ...said.flat(), ...bye];
}

async function talk(version: 'TLSv1.2' | 'TLSv1.3'): Promise<TlsConversation> {
  return await tlsConversation(version, undefined, [[0, Uint8Array.of(1, 2, 3)]]);
}

describe('alerts of TLS (RFC 8446 §6)', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    '%s: with keys the close_notify of both sides is read',
    async (version) => {
      const conversation = await talk(version);
      const stage = new Stage(conversation.keyLog).sendCut(wholeOf(conversation), 1_400);
      expect(stage.alerts).toEqual([
        [0, CLOSE_NOTIFY],
        [1, CLOSE_NOTIFY],
      ]);
    },
  );

  test('without keys TLS 1.2 shows that there are alerts, TLS 1.3 does not (RFC 8446 §5.2)', async () => {
    const older = await talk('TLSv1.2');
    expect(new Stage('').sendCut(wholeOf(older), 1_400).alerts).toEqual([
      [0, null],
      [1, null],
    ]);
    expect(new Stage('').sendCut(wholeOf(await talk('TLSv1.3')), 1_400).alerts).toEqual([]);
  });

  test.each(['', OTHER_KEYS])('one in clear that refuses a hello is read, wherever segments cut it', (keys) => {
    for (let segmentBytes = 1; segmentBytes <= REFUSAL.length; segmentBytes++) {
      const stage = new Stage(keys).send(0, HELLO).sendCut([{ side: 1, bytes: REFUSAL }], segmentBytes);
      expect(stage.alerts).toEqual([[1, HANDSHAKE_FAILURE]]);
    }
  });

  test('one of which a byte is missing is not read, the next one is', () => {
    const stage = new Stage('').send(0, HELLO).send(1, REFUSAL.slice(0, 6));
    stage.pass.gap(0, 1, 1);
    stage.send(1, REFUSAL);
    expect(stage.alerts).toEqual([
      [1, null],
      [1, HANDSHAKE_FAILURE],
    ]);
  });

  test('what is longer than an alert is sealed', () => {
    const sealed = Uint8Array.of(21, 3, 3, 0, 4, 2, 40, 2, 40);
    expect(new Stage('').send(0, HELLO).send(1, sealed).alerts).toEqual([[1, null]]);
  });

  test('names are those of the RFC, else the number', () => {
    expect([0, 40, 120, 255].map(alertName)).toEqual([
      'close_notify',
      'handshake_failure',
      'no_application_protocol',
      '255',
    ]);
  });
});
