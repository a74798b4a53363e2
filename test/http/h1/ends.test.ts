import { describe, expect, test } from 'vitest';
import { concat, headers, PREFACE, settings } from '../../build/h2.ts';
import { latin1 } from '../../build/hpack.ts';
import { Conversation } from '../conversation.ts';
import { toldBy } from './told.ts';

const CLIENT = 0;
const SERVER = 1;
const GET = latin1('GET /a HTTP/1.1\r\n\r\n');
const EMPTY = latin1('HTTP/1.1 204 No Content\r\n\r\n');
const HALF = latin1('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf');
const CLOSE = latin1('HTTP/1.1 200 OK\r\n\r\n');

/** Exchanges that were begun by this side and not ended. */
function openOf(told: readonly unknown[][], side: number): unknown[] {
  const open = new Set<unknown>();
  for (const [call, by, exchange, , fourth] of told) {
    if (by !== side || (call !== 'headers' && call !== 'data')) continue;
    if (fourth === true) open.delete(exchange);
    else open.add(exchange);
  }
  return [...open];
}

describe('what a FIN ends', () => {
  test('a response without a length (RFC 9112 §6.3, rule 8)', () => {
    const conversation = new Conversation().send(CLIENT, GET).send(SERVER, CLOSE, latin1('abc')).finish(SERVER);
    expect(toldBy(conversation).slice(2)).toEqual([
      ['data', SERVER, 1, 3, false],
      ['data', SERVER, 1, 0, true],
    ]);
  });

  test('not a response whose length says that more was to come (RFC 9112 §8)', () => {
    const conversation = new Conversation().send(CLIENT, GET).send(SERVER, HALF).finish(SERVER);
    expect(openOf(toldBy(conversation), SERVER)).toEqual([1]);
  });

  test('each direction of a tunnel by itself', () => {
    const conversation = new Conversation()
      .send(CLIENT, latin1('GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'))
      .send(SERVER, latin1('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
      .send(SERVER, latin1('ab'))
      .finish(SERVER)
      .send(CLIENT, latin1('abc'))
      .finish(CLIENT);
    expect(toldBy(conversation).slice(2)).toEqual([
      ['data', SERVER, 1, 2, false],
      ['data', SERVER, 1, 0, true],
      ['data', CLIENT, 1, 3, false],
      ['data', CLIENT, 1, 0, true],
    ]);
  });

  test('bytes that were lost before it, and come after it, begin nothing new', () => {
    const conversation = new Conversation().send(CLIENT, GET).send(SERVER, CLOSE).finish(SERVER);
    conversation.told();
    expect(conversation.send(SERVER, latin1('late')).told()).toEqual([]);
  });
});

describe('a message whose end was not seen', () => {
  test('a request is over when the next one comes', () => {
    const conversation = new Conversation()
      .send(CLIENT, latin1('POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc'))
      .lose(CLIENT, 100)
      .send(SERVER, EMPTY)
      .send(CLIENT, GET)
      .send(SERVER, EMPTY);
    const told = toldBy(conversation);
    expect(told).toContainEqual(['data', CLIENT, 1, 0, true]);
    expect(openOf(told, CLIENT)).toEqual([]);
    expect(told).toContainEqual(['regained', CLIENT]);
  });

  test('a response, begun or not, is over when the client asks again', () => {
    for (const half of [HALF, latin1('HTTP/1.1 200')]) {
      const conversation = new Conversation()
        .send(CLIENT, GET)
        .send(SERVER, half)
        .lose(SERVER, 1000)
        .send(CLIENT, GET)
        .send(SERVER, EMPTY);
      const told = toldBy(conversation);
      expect(told).toContainEqual(['data', SERVER, 1, 0, true]);
      expect(told.at(-1)).toEqual(['headers', SERVER, 2, { status: 204 }, true]);
      expect(openOf(told, SERVER)).toEqual([]);
    }
  });

  test('of requests that nobody answers, the oldest are over beyond what is remembered', () => {
    const conversation = new Conversation();
    for (let i = 0; i < 70; i++) conversation.send(CLIENT, GET);
    const ended = toldBy(conversation).filter(([call]) => call === 'data');
    expect(ended).toEqual([1, 2, 3, 4, 5, 6].map((exchange) => ['data', SERVER, exchange, 0, true]));
  });

  test('an exchange that is upgraded to HTTP/2 goes on as stream 1; a later exchange than the first ends', () => {
    const ask = latin1('GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\n');
    const switched = concat(latin1('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'), settings());
    const later = new Conversation().send(CLIENT, GET).send(SERVER, EMPTY).send(CLIENT, ask).send(SERVER, switched);
    later.send(CLIENT, concat(PREFACE, settings())).send(SERVER, headers(1, Uint8Array.of(0x88), { endStream: true }));
    const told = toldBy(later);
    expect(told).toContainEqual(['headers', SERVER, 2, { status: 101 }, true]);
    expect(told.at(-1)).toEqual(['headers', SERVER, 1, { status: 200 }, true]);
  });
});

describe('a head that is cut, as by a snapshot length', () => {
  test('says what its whole lines say, and no more', () => {
    const conversation = new Conversation()
      .send(CLIENT, latin1('GET /a HTTP/1.1\r\nHost: api\r\nUser-Agent: kubect'))
      .lose(CLIENT, 100)
      .send(SERVER, latin1('HTTP/1.1 200 OK\r\nServer: x\r\nContent-Len'))
      .lose(SERVER, 1000)
      .send(CLIENT, GET);
    expect(toldBy(conversation)).toEqual([
      ['headers', CLIENT, 1, { method: 'GET', path: '/a', authority: 'api' }, true],
      ['lost', CLIENT],
      ['headers', SERVER, 1, { status: 200, server: 'x' }, false],
      ['lost', SERVER],
      ['regained', CLIENT],
      ['data', SERVER, 1, 0, true],
      ['headers', CLIENT, 2, { method: 'GET', path: '/a' }, true],
    ]);
  });

  test('of a request that may have a body leaves it open', () => {
    const conversation = new Conversation().send(CLIENT, latin1('POST /a HTTP/1.1\r\nHost')).lose(CLIENT, 100);
    expect(openOf(toldBy(conversation), CLIENT)).toEqual([1]);
  });

  test('of a response without a body ends the exchange', () => {
    const conversation = new Conversation().send(CLIENT, GET).send(SERVER, latin1('HTTP/1.1 304 x\r\nDat'));
    expect(openOf(toldBy(conversation.lose(SERVER, 100)), SERVER)).toEqual([]);
  });

  test('that opens a tunnel opens it; one that would hand on the connection does not, since its end is not known', () => {
    const asked = (how: string): Conversation => new Conversation().send(CLIENT, latin1(`${how}\r\n\r\n`));
    const tunnel = asked('GET /a HTTP/1.1\r\nUpgrade: websocket').send(SERVER, latin1('HTTP/1.1 101 x\r\nDat'));
    tunnel.lose(SERVER, 100).told();
    expect(toldBy(tunnel.send(SERVER, latin1('abc')))).toEqual([['data', SERVER, 1, 3, false]]);
    const connect = asked('CONNECT a:1 HTTP/1.1').send(SERVER, latin1('HTTP/1.1 200 x\r\nDat')).lose(SERVER, 100);
    expect(connect.told().at(-1)).toEqual(['lost', SERVER]);
    expect(connect.send(SERVER, settings()).told()).toEqual([]);
  });

  test('without a whole line says nothing', () => {
    expect(new Conversation().send(CLIENT, latin1('GET /a HT')).lose(CLIENT, 5).told()).toEqual([
      ['protocol', 'http1'],
      ['lost', CLIENT],
    ]);
  });
});

describe('what is no message', () => {
  test('a request from the side that answers, a response from the side that asks', () => {
    const conversation = new Conversation().send(CLIENT, GET).send(SERVER, GET).send(CLIENT, EMPTY);
    expect(toldBy(conversation).slice(1)).toEqual([
      ['lost', SERVER],
      ['lost', CLIENT],
    ]);
    expect(conversation.pass.counters.illegalFrames).toBe(2);
  });

  test('a line of a body that begins as a message of the other side does', () => {
    const conversation = new Conversation().send(CLIENT, GET).send(SERVER, HALF).lose(SERVER, 1000);
    conversation.told();
    expect(conversation.send(SERVER, GET).told()).toEqual([]);
    expect(toldBy(conversation.send(SERVER, EMPTY)).at(0)).toEqual(['regained', SERVER]);
  });

  test.each([
    'GET /a HTTP/1.\r\n\r\n',
    'GET /a\r\n\r\n',
    'GET  HTTP/1.1\r\n\r\n',
    'get /a HTTP/1.1\r\n\r\n',
    'HTTP/1.1 20x\r\n\r\n',
  ])('a start line %j', (line) => {
    const conversation = new Conversation().send(CLIENT, GET, latin1(line));
    expect(toldBy(conversation).slice(1)).toEqual([['lost', CLIENT]]);
  });

  test('a lone CR ends no line (RFC 9112 §2.2)', () => {
    const conversation = new Conversation().send(CLIENT, latin1('GET /a HTTP/1.1\r\nX: a\rHost: b\r\r\n\r\n'));
    expect(toldBy(conversation)).toEqual([['headers', CLIENT, 1, { method: 'GET', path: '/a' }, true]]);
  });
});

describe('how long a body is (RFC 9112 §6.3)', () => {
  const bodyOf = (fields: string): unknown[][] =>
    toldBy(
      new Conversation()
        .send(CLIENT, GET)
        .send(SERVER, latin1(`HTTP/1.1 200 OK\r\n${fields}\r\n3\r\nabc\r\n0\r\n\r\n`)),
    ).slice(2);

  test.each([
    ['Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'Transfer-Encoding overrides Content-Length', 'chunked'],
    [
      'Content-Length: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n',
      'also where that is broken',
      'chunked',
    ],
    ['Content-Length: 13, 13\r\n', 'one length twice is one', 13],
    ['Content-Length: 5, 6\r\n', 'two lengths: until the connection closes', 'close'],
    ['Content-Length: -5\r\n', 'no number', 'close'],
    ['Content-Length: 5\r\nTransfer-Encoding: gzip\r\n', 'not chunked last', 'close'],
    ['', 'nothing said', 'close'],
  ] as const)('%j: %s', (fields, _why, expected) => {
    const told = {
      chunked: [
        ['data', SERVER, 1, 3, false],
        ['data', SERVER, 1, 0, true],
      ],
      close: [['data', SERVER, 1, 13, false]],
      13: [['data', SERVER, 1, 13, true]],
    };
    expect(bodyOf(fields)).toEqual(told[expected]);
  });

  test('a request whose fields contradict each other is told, and its body is not guessed', () => {
    const post = latin1('POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nGET /b HTTP/1.1\r\n\r\n');
    expect(toldBy(new Conversation().send(CLIENT, post))).toEqual([
      ['headers', CLIENT, 1, { method: 'POST', path: '/a' }, false],
      ['lost', CLIENT],
    ]);
  });

  test.each(['3\r\nabcX\r\n', '3 x\r\nabc\rX', '3x\r\nabc', '\r\n', ' 3\r\n'])(
    'a chunk %j leaves the flow',
    (chunk) => {
      const conversation = new Conversation().send(CLIENT, GET);
      conversation.send(SERVER, latin1(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`));
      expect(conversation.pass.counters).toMatchObject({ lost: 1, illegalFrames: 1 });
    },
  );
});

describe('what is kept of a target', () => {
  test('never the user information that an absolute one may carry (RFC 9110 §4.2.4)', () => {
    const told = toldBy(
      new Conversation().send(CLIENT, latin1('GET http://me:s3cret@api/a?b=s3cret HTTP/1.1\r\nHost: x\r\n\r\n')),
    );
    expect(told[0]?.[3]).toEqual({ method: 'GET', path: '/a?b=***', authority: 'api' });
  });

  test.each([
    ['GET http://me:s3cret@api/a\rb HTTP/1.1\r\n\r\n', { method: 'GET', path: '/a\rb', authority: 'api' }],
    ['GET /a HTTP/1.1\r\nHost: me:s3cret@api\r\n\r\n', { method: 'GET', path: '/a', authority: 'api' }],
    ['CONNECT me:s3cret@api:443 HTTP/1.1\r\n\r\n', { method: 'CONNECT', authority: 'api:443' }],
  ])('nor a password anywhere else: %j', (head, kept) => {
    expect(toldBy(new Conversation().send(CLIENT, latin1(head)))[0]?.[3]).toEqual(kept);
  });

  test('a value longer than is kept is told as not knowable, and counted', () => {
    const conversation = new Conversation().send(CLIENT, latin1(`GET /${'a'.repeat(9000)} HTTP/1.1\r\n\r\n`));
    expect(toldBy(conversation)[0]?.[3]).toEqual({ method: 'GET', path: null });
    expect(conversation.pass.counters.longValues).toBe(1);
  });
});
