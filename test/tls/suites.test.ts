import { describe, expect, test } from 'vitest';
import { latin1 } from '../build/hpack.ts';
import { tlsConversation, type TlsConversation, type TlsOptions } from '../build/tls.ts';
import { Stage } from './stage.ts';

const ASKED = 'a question';
const ANSWERED = `an answer ${'that is longer than a record '.repeat(1200)}`;

/** Of OpenSSL 3; the types of node:crypto have no name for them. */
const NO_EXTENDED_MASTER_SECRET = 1;
const NO_ENCRYPT_THEN_MAC = 0x80000;
const MAC_FIRST: TlsOptions = { client: { secureOptions: NO_ENCRYPT_THEN_MAC } };
const SHARED_KEY: TlsOptions = { sharedKey: new Uint8Array(16).fill(7) };
const PLAIN_MASTER: TlsOptions = { client: { secureOptions: NO_EXTENDED_MASTER_SECRET } };
/** The client's first guess at a group is none that the server takes (RFC 8446 §4.1.4). */
const RETRY: TlsOptions = { client: { ecdhCurve: 'X25519:P-384' }, server: { ecdhCurve: 'P-384' } };

async function talk(
  version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
  suite: string | undefined,
  more?: TlsOptions,
): Promise<TlsConversation> {
  const said = [
    [0, latin1(ASKED)],
    [1, latin1(ANSWERED)],
  ] as const;
  return await tlsConversation(version, suite, said, more);
}

function read({ handshake, said, keyLog }: TlsConversation, segmentBytes = 1448): Stage {
  return new Stage(keyLog).sendCut([...handshake, ...said.flat()], segmentBytes);
}

describe('what OpenSSL on both ends says is read', () => {
  test.each([
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', 0x1301],
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 0x1302],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', 0x1303],
    ['TLSv1.3', 'TLS_AES_128_CCM_SHA256', 0x1304],
    ['TLSv1.3', 'TLS_AES_128_CCM_8_SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0', 0x1305],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256', 0xc02b],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', 0xc02c],
    ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305', 0xcca9],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-CCM', 0xc0ac],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-CCM', 0xc0ad],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0', 0xc0ae],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-CCM8:@SECLEVEL=0', 0xc0af],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA256', 0xc023],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384', 0xc024],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA', 0xc009],
    ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA', 0xc00a],
  ] as const)('%s %s', async (version, suite, id) => {
    const { said, gaps, facts } = read(await talk(version, suite));
    expect([said, gaps]).toEqual([[ASKED, ANSWERED], []]);
    expect(facts).toMatchObject({ cipherSuite: id, keys: 'used' });
  });

  test.each([
    ['PSK-AES128-GCM-SHA256', 0x00a8],
    ['PSK-AES256-GCM-SHA384', 0x00a9],
    ['PSK-AES128-CCM', 0xc0a4],
    ['PSK-AES256-CCM8:@SECLEVEL=0', 0xc0a9],
    ['ECDHE-PSK-CHACHA20-POLY1305', 0xccac],
    ['PSK-AES128-CBC-SHA256', 0x00ae],
    ['PSK-AES256-CBC-SHA384', 0x00af],
    ['ECDHE-PSK-AES256-CBC-SHA', 0xc036],
    ['ECDHE-PSK-AES256-CBC-SHA384', 0xc038],
  ] as const)('TLSv1.2 with a shared key: %s', async (suite, id) => {
    const { said, gaps, facts } = read(await talk('TLSv1.2', suite, SHARED_KEY));
    expect([said, gaps]).toEqual([[ASKED, ANSWERED], []]);
    expect(facts).toMatchObject({ cipherSuite: id, keys: 'used' });
  });

  test.each([
    ['the MAC before encryption', 'ECDHE-ECDSA-AES128-SHA256', MAC_FIRST],
    ['the MAC before encryption, SHA-384', 'ECDHE-ECDSA-AES256-SHA384', MAC_FIRST],
    ['no extended master secret', 'ECDHE-ECDSA-AES256-SHA', PLAIN_MASTER],
  ] as const)('CBC with %s', async (_, suite, more) => {
    const { said, gaps } = read(await talk('TLSv1.2', suite, more));
    expect([said, gaps]).toEqual([[ASKED, ANSWERED], []]);
  });

  test.each([1, 7, 1448])('behind a HelloRetryRequest, in segments of %i', async (segmentBytes) => {
    const { said, gaps, facts } = read(await talk('TLSv1.3', undefined, RETRY), segmentBytes);
    expect([said, gaps]).toEqual([[ASKED, ANSWERED], []]);
    expect(facts?.keys).toBe('used');
  });
});

describe('what is not decrypted is said to be so, and no key is called wrong', () => {
  test.each([
    ['TLSv1.1', 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0', 0xc009],
    ['TLSv1.2', 'ECDHE-ECDSA-ARIA128-GCM-SHA256', 0xc05c],
  ] as const)('%s %s', async (version, suite, id) => {
    const { facts } = read(await talk(version, suite));
    expect(facts).toMatchObject({ cipherSuite: id, keys: 'unsupported' });
  });
});
