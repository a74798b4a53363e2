import { describe, expect, test } from 'vitest';
import { type TlsFacts, KeyLog, TLS_BOUNDS, TlsPass } from '../../src/tls/index.ts';
import { latin1 } from '../build/hpack.ts';
import { tlsConversation, type TlsConversation, type TlsOptions } from '../build/tls.ts';

const ASKED = 'a question';
const ANSWERED = 'an answer';
/** Of OpenSSL: sessions are remembered by the server. */
const NO_TICKET = 0x4000;
const TICKET_KEYS = Buffer.alloc(48, 7);

async function talk(more: TlsOptions, version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2'): Promise<TlsConversation> {
  return await tlsConversation(
    version,
    undefined,
    [
      [0, latin1(ASKED)],
      [1, latin1(ANSWERED)],
    ],
    more,
  );
}

interface Read {
  readonly said: readonly [string, string];
  readonly isDecrypted: boolean;
  readonly facts: TlsFacts | undefined;
}

/** Reads connections one after another, with the secrets in `keys`. */
function read(keys: string, conversations: readonly TlsConversation[], segmentBytes = 1448): Read[] {
  const keyLog = new KeyLog();
  keyLog.add(keys);
  const said = conversations.map((): [string, string] => ['', '']);
  const decrypted = new Set<number>();
  const facts = new Map<number, TlsFacts>();
  const pass = new TlsPass(keyLog, {
    bytes: (connection, side, view, at, end) => {
      const texts = said[connection] ?? ['', ''];
      for (let next = at; next < end; next++) texts[side] += String.fromCharCode(view.getUint8(next));
    },
    gap() {},
    decrypted: (connection) => decrypted.add(connection),
    facts: (connection, told) => facts.set(connection, told),
  });
  for (const [connection, { handshake, said: parts }] of conversations.entries()) {
    pass.opened(connection);
    for (const { side, bytes } of [...handshake, ...parts.flat()]) {
      for (let at = 0; at < bytes.length; at += segmentBytes) {
        const segment = bytes.slice(at, at + segmentBytes);
        pass.bytes(connection, side, new DataView(segment.buffer), 0, segment.length);
      }
    }
  }
  return said.map((texts, i) => ({ said: texts, isDecrypted: decrypted.has(i), facts: facts.get(i) }));
}

/** All that went over the wire from each side. */
function wire({ handshake, said }: TlsConversation): [string, string] {
  const texts: [string, string] = ['', ''];
  for (const { side, bytes } of [...handshake, ...said.flat()]) texts[side] += Buffer.from(bytes).toString('latin1');
  return texts;
}

describe('a TLS 1.2 session that is gone on with, in a connection whose own secrets were not given', () => {
  const byTicket: TlsOptions = { server: { ticketKeys: TICKET_KEYS } };
  const byId = (): TlsOptions => ({ server: { secureOptions: NO_TICKET }, remembered: new Map() });

  test.each([
    ['by its ticket', byTicket, 1448],
    ['by its ticket, byte by byte', byTicket, 1],
    ['by its id', byId(), 1448],
  ] as const)('%s: is read with those of the session', async (_, options, segmentBytes) => {
    const first = await talk(options);
    const again = await talk({ ...options, session: first.session });
    const further = await talk({ ...options, session: again.session ?? first.session });
    const reads = read(first.keyLog, [first, again, further], segmentBytes);
    expect(reads.map(({ said, facts }) => [said, facts?.isResumed, facts?.keys])).toEqual([
      [[ASKED, ANSWERED], false, 'used'],
      [[ASKED, ANSWERED], true, 'used'],
      [[ASKED, ANSWERED], true, 'used'],
    ]);
  });

  test.each([
    ['another server, which knows no such ticket', { server: { ticketKeys: Buffer.alloc(48, 8) } }, 'TLSv1.2'],
    [
      'a server that forgot it',
      { server: { secureOptions: NO_TICKET }, remembered: new Map<string, Buffer>() },
      'TLSv1.2',
    ],
  ] as const)('offered to %s: is no part of it, and passes as it is', async (_, other, version) => {
    const options = 'remembered' in other ? byId() : byTicket;
    const first = await talk(options);
    const again = await talk({ ...other, session: first.session }, version);
    const [, second] = read(first.keyLog, [first, again]);
    expect(second).toMatchObject({ said: wire(again), isDecrypted: false, facts: { isResumed: false, keys: 'none' } });
  });

  test('of which nothing was captured passes as it is', async () => {
    const first = await talk(byTicket);
    const again = await talk({ ...byTicket, session: first.session });
    const [only] = read(first.keyLog, [again]);
    expect(only).toMatchObject({ said: wire(again), isDecrypted: false, facts: { isResumed: true, keys: 'none' } });
  });
});

test('a TLS 1.3 session that is gone on with has secrets of its own', async () => {
  const options: TlsOptions = { server: { ticketKeys: TICKET_KEYS } };
  const first = await talk(options, 'TLSv1.3');
  const again = await talk({ ...options, session: first.session }, 'TLSv1.3');
  const reads = (keys: string): unknown =>
    read(keys, [first, again]).map(({ said, facts }) => [said, facts?.isResumed, facts?.keys]);
  expect(reads(first.keyLog + again.keyLog)).toEqual([
    [[ASKED, ANSWERED], false, 'used'],
    [[ASKED, ANSWERED], true, 'used'],
  ]);
  expect(reads(first.keyLog)).toEqual([
    [[ASKED, ANSWERED], false, 'used'],
    [wire(again), true, 'none'],
  ]);
});

test('of more sessions than are kept the oldest are forgotten, and counted', () => {
  const { sessions } = new KeyLog();
  const master = new Uint8Array(48);
  const isKept = (sessionId: string): boolean =>
    sessions.offeredBy({ sessionId, ticket: new Uint8Array(0) }) !== undefined;
  for (let nth = 0; nth < TLS_BOUNDS.sessions; nth++) sessions.named(`${nth}`, master);
  expect([sessions.forgotten, isKept('0')]).toEqual([0, true]);
  sessions.named('one more', master);
  expect([sessions.forgotten, isKept('0'), isKept('1'), isKept('one more')]).toEqual([1, false, true, true]);
});
