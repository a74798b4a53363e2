import { describe, expect, test } from 'vitest';
import { PREFACE, concat, ping, settings } from '../build/h2.ts';
import { latin1 } from '../build/hpack.ts';
import { Conversation } from './conversation.ts';

const CLIENT_HELLO = concat(Uint8Array.of(0x16, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3), new Uint8Array(54));
const RECORD = concat(Uint8Array.of(0x17, 3, 3, 0, 20), new Uint8Array(20));

describe('what speaks on a connection', () => {
  test('TLS is told once, and its bytes are ignored from then on', () => {
    const conversation = new Conversation()
      .send(0, CLIENT_HELLO)
      .send(1, CLIENT_HELLO)
      .send(0, ping(1, 2))
      .send(1, settings());
    expect(conversation.told()).toEqual([['protocol', 'tls']]);
  });

  test.each(['GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n', 'CONNECT a:443 HTTP/1.1\r\n\r\n'])(
    'HTTP/1.1 is told by %j',
    (head) => {
      expect(new Conversation().send(0, latin1(head)).told()[0]).toEqual(['protocol', 'http1']);
    },
  );

  test('HTTP/1.1 is told behind empty lines (RFC 9112 §2.2), and nothing by empty lines alone', () => {
    for (const cut of [1, 7, 100]) {
      const told = (text: string): unknown => new Conversation().sendCut(0, latin1(text), cut).told()[0];
      expect(told('\r\n\r\n\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).toEqual(['protocol', 'http1']);
      expect(told('\r\n'.repeat(40))).toEqual(['lost', 0]);
    }
  });

  test('it is told the same where the first bytes come one by one', () => {
    for (const [protocol, bytes] of [
      ['tls', CLIENT_HELLO],
      ['http1', latin1('POST /a HTTP/1.1\r\n')],
      ['h2', concat(PREFACE, settings())],
    ] as const) {
      expect(new Conversation().sendCut(0, bytes, 1).told()[0]).toEqual(['protocol', protocol]);
    }
  });

  test('in the middle of a connection TLS is told by records that fill their segment', () => {
    expect(new Conversation(false).send(0, concat(RECORD, RECORD)).told()).toEqual([['protocol', 'tls']]);
    expect(new Conversation(false).send(0, RECORD).told()).toEqual([['protocol', 'tls']]);
    expect(new Conversation(false).send(0, RECORD.subarray(0, 20)).told()).toEqual([['lost', 0]]);
  });

  test('in the middle of a connection HTTP/1.1 is told by the next message', () => {
    const conversation = new Conversation(false).send(1, latin1('the tail of a body'), latin1('HTTP/1.1 200 OK\r\n'));
    expect(conversation.told()).toEqual([
      ['lost', 1],
      ['protocol', 'http1'],
      ['lost', 0],
      ['regained', 1],
    ]);
  });

  test('a TLS-like segment on a connection known to speak HTTP/2 does not change that', () => {
    const conversation = new Conversation(false)
      .send(0, ping(1, 2))
      .send(1, RECORD)
      .send(1, ping(1, 2, true));
    expect(conversation.told()).toEqual([
      ['lost', 0],
      ['protocol', 'h2'],
      ['regained', 0],
      ['ping', 0, false, 1, 2],
      ['lost', 1],
      ['regained', 1],
      ['ping', 1, true, 1, 2],
    ]);
  });

  test('something else stays unknown', () => {
    const conversation = new Conversation().send(0, latin1('SSH-2.0-OpenSSH_9.2\r\n')).send(1, latin1('SSH-2.0-x\r\n'));
    expect(conversation.told()).toEqual([
      ['lost', 0],
      ['lost', 1],
    ]);
  });

  test('zeros where every protocol has something are told, in whatever segments; zeros behind a byte are not', () => {
    const zeros = new Uint8Array(40);
    const blanked = (conversation: Conversation): unknown => conversation.told().filter(([call]) => call === 'blanked');
    expect(blanked(new Conversation().send(1, zeros))).toEqual([['blanked', 1]]);
    expect(blanked(new Conversation().sendCut(1, zeros, 7))).toEqual([['blanked', 1]]);
    expect(blanked(new Conversation(false).send(0, zeros))).toEqual([['blanked', 0]]);
    expect(blanked(new Conversation().send(1, concat(Uint8Array.of(1), zeros)))).toEqual([]);
    expect(blanked(new Conversation().send(1, zeros.slice(0, 8)))).toEqual([]);
  });

  test('HTTP/2 behind something else is found', () => {
    const told = new Conversation().send(0, latin1('HELLO to you\r\n'), concat(settings(), ping(1, 2))).told();
    expect(told).toContainEqual(['ping', 0, false, 1, 2]);
  });

  test('the first bytes are missing: joined like a flow in its middle', () => {
    const conversation = new Conversation().lose(0, 24).send(0, settings([3, 100]), ping(1, 2));
    expect(conversation.told().slice(0, 3)).toEqual([
      ['lost', 0],
      ['protocol', 'h2'],
      ['regained', 0],
    ]);
  });
});

const PROXIED = ['proxied', 0, 4, [0, 0, 0, 0x0a090102], 40000];
const PROXY_V1 = latin1('PROXY TCP4 10.9.1.2 10.9.0.2 40000 80\r\n');
const PROXY_V2 = concat(
  Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0, 15),
  Uint8Array.of(10, 9, 1, 2, 10, 9, 0, 2, 0x9c, 0x40, 0, 80, 4, 0, 0),
);

describe('behind a PROXY header', () => {
  test.each([
    ['h2', concat(PREFACE, settings(), ping(1, 2))],
    ['tls', CLIENT_HELLO],
    ['http1', latin1('GET /a HTTP/1.1\r\n\r\n')],
  ])('%s is told as without it, however the bytes are cut, and the client is named', (_protocol, bytes) => {
    const expected = new Conversation().send(0, bytes).told();
    for (const header of [PROXY_V1, PROXY_V2]) {
      const all = concat(header, bytes);
      for (let cut = 1; cut <= all.length; cut++) {
        const conversation = new Conversation().sendCut(0, all, cut);
        expect(conversation.told(), `${cut} bytes a segment`).toEqual([PROXIED, ...expected]);
      }
    }
  });

  test('one that names nobody is only stepped over', () => {
    const told = new Conversation().send(0, latin1('PROXY UNKNOWN\r\n'), concat(PREFACE, settings())).told();
    expect(told).toEqual([
      ['protocol', 'h2'],
      ['settings', 0, false],
    ]);
  });

  test('one that is broken or incomplete is no start: frames are looked for', () => {
    for (const conversation of [
      new Conversation().send(0, latin1('PROXY of another kind\r\n')),
      new Conversation().send(0, latin1('PROXY TCP4 10.9')).lose(0, 20),
    ]) {
      expect(conversation.send(0, concat(settings(), ping(1, 2))).told()).toContainEqual(['ping', 0, false, 1, 2]);
    }
  });

  test('in the middle of a connection it is nothing', () => {
    expect(new Conversation(false).send(0, PROXY_V1).told()).toEqual([['lost', 0]]);
  });
});
