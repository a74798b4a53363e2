import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, headers, PREFACE, settings } from '../../build/h2.ts';
import { latin1 } from '../../build/hpack.ts';
import { Conversation } from '../conversation.ts';
import { toldBy } from './told.ts';

const GET = 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: api\r\nUser-Agent: kubectl/v1.31\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CLIENT = 0;
const SERVER = 1;

function exchange(request: string, response: string): unknown[][] {
  return toldBy(new Conversation().send(CLIENT, latin1(request)).send(SERVER, latin1(response)));
}

/** Bytes of one side's bodies by exchange, and what ended, whatever the cuts between segments. */
function summary(conversation: Conversation): Record<string, unknown> {
  const bodies: Record<string, number> = {};
  const heads: unknown[] = [];
  const ended: string[] = [];
  for (const [call, side, stream, third, fourth, fifth] of conversation.told()) {
    const key = `${String(side)} ${String(stream)}`;
    if (call === 'headers') heads.push([side, stream, third]);
    if (call === 'data') bodies[key] = (bodies[key] ?? 0) + Number(third);
    if (call === 'data' ? fifth === true : fourth === true) ended.push(key);
  }
  return { bodies, heads, ended };
}

describe('an exchange is told as a stream', () => {
  test('a request without a body ends with its head, a response with its last byte', () => {
    expect(exchange(GET, OK)).toEqual([
      [
        'headers',
        CLIENT,
        1,
        { method: 'GET', path: '/api/v1/pods?watch=1', authority: 'api', userAgent: 'kubectl/v1.31' },
        true,
      ],
      ['headers', SERVER, 1, { status: 200 }, false],
      ['data', SERVER, 1, 5, true],
    ]);
  });

  test('exchanges on one connection are numbered from 1', () => {
    const conversation = new Conversation();
    for (let i = 0; i < 3; i++) conversation.send(CLIENT, latin1(GET)).send(SERVER, latin1(OK));
    const streams = toldBy(conversation).map(([, , stream]) => stream);
    expect(streams).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test('pipelined requests get their responses in order (RFC 9112 §9.3.2)', () => {
    const told = exchange(GET + GET.replace('GET', 'HEAD'), `${OK}HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n`);
    expect(told.slice(2)).toEqual([
      ['headers', SERVER, 1, { status: 200 }, false],
      ['data', SERVER, 1, 5, true],
      ['headers', SERVER, 2, { status: 200 }, true],
    ]);
  });

  test('an interim response does not end the exchange (RFC 9110 §15.2)', () => {
    const post = 'POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
    const conversation = new Conversation().send(CLIENT, latin1(post));
    conversation
      .send(SERVER, latin1('HTTP/1.1 100 Continue\r\n\r\n'))
      .send(CLIENT, latin1('ab'))
      .send(SERVER, latin1(OK));
    expect(toldBy(conversation).slice(1)).toEqual([
      ['headers', SERVER, 1, { status: 100 }, false],
      ['data', CLIENT, 1, 2, true],
      ['headers', SERVER, 1, { status: 200 }, false],
      ['data', SERVER, 1, 5, true],
    ]);
  });

  test.each([204, 304])('a %i has no body, whatever its fields say (RFC 9112 §6.3)', (status) => {
    const told = exchange(GET, `HTTP/1.1 ${status} x\r\nContent-Length: 9\r\n\r\n${OK}`);
    expect(told[1]).toEqual(['headers', SERVER, 1, { status }, true]);
    expect(told[2]?.slice(0, 3)).toEqual(['headers', SERVER, 2]);
  });

  test('a response without a length goes on to the end of the connection, and is not called complete', () => {
    expect(exchange(GET, 'HTTP/1.0 200 OK\r\n\r\nabc').slice(1)).toEqual([
      ['headers', SERVER, 1, { status: 200 }, false],
      ['data', SERVER, 1, 3, false],
    ]);
  });
});

describe('chunked bodies (RFC 9112 §7.1)', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n';

  test('each chunk is told like a DATA frame, the end by the last chunk', () => {
    const told = exchange(GET, `${HEAD}3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n`);
    expect(told.slice(2)).toEqual([
      ['data', SERVER, 1, 3, false],
      ['data', SERVER, 1, 10, false],
      ['data', SERVER, 1, 0, true],
    ]);
  });

  test.each(['\r\n', 'zz\r\n', ';x\r\n', 'fffffffffffff\r\n'])(
    'a size %j leaves the flow, and the next message is found',
    (size) => {
      const conversation = new Conversation().send(CLIENT, latin1(GET)).send(SERVER, latin1(`${HEAD}${size}abc`));
      conversation.send(SERVER, latin1('GET lost'), latin1(OK));
      const told = toldBy(conversation).slice(2);
      expect(told[0]).toEqual(['lost', SERVER]);
      expect(told.slice(1).map(([call]) => call)).toContain('headers');
    },
  );

  test('the same chunk over two connections has the same fingerprint as a DATA frame of these bytes', () => {
    const body = 'x'.repeat(300);
    const print = (told: unknown[][]): unknown => told.find(([call]) => call === 'data')?.[4];
    const h1 = new Conversation()
      .send(CLIENT, latin1(GET))
      .send(SERVER, latin1(`${HEAD}12c\r\n${body}\r\n`))
      .told();
    const h2 = new Conversation()
      .send(0, concat(PREFACE, settings()))
      .send(1, concat(settings(), Uint8Array.of(0, 1, 0x2c, 0, 0, 0, 0, 0, 1), latin1(body)))
      .told();
    expect(print(h1)).toBe(print(h2));
    expect(print(h1)).not.toBe(0);
  });
});

describe('what is kept of a head', () => {
  test('names in any case; the values of unknown query parameters are masked, nothing else is looked at', () => {
    const head = `GET /a?token=s3cret&watch=1 HTTP/1.1\r\nhOsT:\t api \r\nAuthorization: Bearer s3cret\r\nCookie: s3cret\r\nX-REQUEST-ID: id-1\r\n\r\n`;
    const told = exchange(head, OK);
    expect(told[0]?.[3]).toEqual({
      method: 'GET',
      path: '/a?token=***&watch=***',
      authority: 'api',
      requestId: 'id-1',
    });
    expect(JSON.stringify(told)).not.toContain('s3cret');
  });

  test('the absolute form names the authority (RFC 9112 §3.2.2)', () => {
    expect(exchange('GET http://api:80/a HTTP/1.1\r\n\r\n', OK)[0]?.[3]).toEqual({
      method: 'GET',
      path: '/a',
      authority: 'api:80',
    });
  });

  test('lines that end in a lone LF, and folded lines, are read (RFC 9112 §2.2, §5.2)', () => {
    const told = exchange('GET /a HTTP/1.1\nX-A: b\n folded: c\nHost: api\n\n', OK);
    expect(told[0]?.[3]).toEqual({ method: 'GET', path: '/a', authority: 'api' });
    expect(told).toHaveLength(3);
  });

  test('a value over several lines is one, and so are those that say how long the body is (RFC 9112 §5.2)', () => {
    const asked = 'GET /a HTTP/1.1\r\nUser-Agent: kubectl\r\n\tv1 \r\n  linux\r\nHost: api\r\n\r\n';
    expect(exchange(asked, OK)[0]?.[3]).toMatchObject({ userAgent: 'kubectl v1 linux', authority: 'api' });
    for (const field of [
      'Transfer-Encoding: gzip,\r\n chunked',
      'Transfer-Encoding:\r\n chunked',
      'Transfer-Encoding:\n chunked',
    ])
      expect(exchange(GET, `HTTP/1.1 200 OK\r\n${field}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`).at(-1)?.[4]).toBe(true);
    expect(exchange(GET, 'HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello').at(-1)?.[4]).toBe(true);
  });

  test('a space before the colon is no part of the name (RFC 9112 §5.1)', () => {
    const told = exchange(
      'GET /a HTTP/1.1\r\nHost \t: api\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello',
    );
    expect(told[0]?.[3]).toMatchObject({ authority: 'api' });
    expect(told.at(-1)?.[4]).toBe(true);
  });

  test('a head too long to read is counted, and the next message is found', () => {
    const conversation = new Conversation();
    conversation.send(CLIENT, latin1(`GET /a HTTP/1.1\r\nX: ${'y'.repeat(70_000)}`), latin1(GET));
    expect(conversation.pass.counters).toMatchObject({ collectLimit: 1, lost: 1, regained: 1 });
    expect(toldBy(conversation).at(-1)?.[0]).toBe('headers');
  });
});

describe('where it is joined', () => {
  test('in the middle: a response without its request is an exchange of its own that is over', () => {
    const conversation = new Conversation(false).send(SERVER, latin1('tail of a body'), latin1(OK));
    expect(toldBy(conversation)).toEqual([
      ['lost', SERVER],
      ['lost', CLIENT],
      ['regained', SERVER],
      ['headers', SERVER, 1, { status: 200 }, false],
      ['data', CLIENT, 1, 0, true],
      ['data', SERVER, 1, 5, true],
    ]);
  });

  test('a gap inside a body keeps the exchange; one beyond it loses the flow until the next head', () => {
    const long = 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n';
    const inside = new Conversation()
      .send(CLIENT, latin1(GET))
      .send(SERVER, latin1(`${long}abc`))
      .lose(SERVER, 47);
    expect(toldBy(inside).at(-1)).toEqual(['data', SERVER, 1, 0, true]);
    const beyond = new Conversation()
      .send(CLIENT, latin1(GET))
      .send(SERVER, latin1(`${long}abc`))
      .lose(SERVER, 48);
    beyond.send(CLIENT, latin1(GET)).send(SERVER, latin1(OK));
    const told = toldBy(beyond);
    expect(told).toContainEqual(['lost', SERVER]);
    expect(told.at(-1)).toEqual(['data', SERVER, 2, 5, true]);
  });
});

describe('what follows an upgrade', () => {
  test('to HTTP/2: frames, whose stream 1 is the request that asked for it (RFC 7540 §3.2)', () => {
    const conversation = new Conversation()
      .send(CLIENT, latin1('GET /a HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n'))
      .send(SERVER, concat(latin1('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'), settings()))
      .send(CLIENT, concat(PREFACE, settings()))
      .send(SERVER, headers(1, Uint8Array.of(0x88), { endStream: true }));
    expect(conversation.told().at(-1)).toEqual(['headers', SERVER, 1, { status: 200 }, true]);
  });

  test('to anything else (SPDY of kubectl exec): bytes of both sides count as data of the exchange', () => {
    const conversation = new Conversation()
      .send(CLIENT, latin1('POST /exec HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n'))
      .send(SERVER, latin1('HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\n\r\n'))
      .send(CLIENT, latin1('GET / HTTP/1.1\r\n\r\n'))
      .send(SERVER, latin1('0123456789'));
    expect(toldBy(conversation).slice(2)).toEqual([
      ['data', CLIENT, 1, 18, false],
      ['data', SERVER, 1, 10, false],
    ]);
  });

  test('CONNECT: what runs through the tunnel is recognised anew', () => {
    const conversation = new Conversation()
      .send(CLIENT, latin1('CONNECT api:443 HTTP/1.1\r\nHost: api:443\r\n\r\n'))
      .send(SERVER, latin1('HTTP/1.1 200 OK\r\n\r\n'))
      .send(CLIENT, concat(PREFACE, settings()));
    const told = conversation.told();
    expect(told[1]).toEqual(['headers', CLIENT, 1, { method: 'CONNECT', authority: 'api:443' }, true]);
    expect(told.at(-1)).toEqual(['settings', CLIENT, false]);
  });
});

const MESSAGES =
  'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n' +
  'PUT /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz' +
  GET;
const RESPONSES = `${OK}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\nT: v\r\n\r\n${OK}`;

test('property: any segmentation tells the same messages', () => {
  const whole = summary(new Conversation().send(CLIENT, latin1(MESSAGES)).send(SERVER, latin1(RESPONSES)));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (cutA, cutB) => {
      const cut = new Conversation().sendCut(CLIENT, latin1(MESSAGES), cutA).sendCut(SERVER, latin1(RESPONSES), cutB);
      expect(summary(cut)).toEqual(whole);
    }),
  );
});

test('property: no bytes throw, and every byte is stepped over', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 200 }).map((text) => latin1(`HTTP/1.1 200 OK\r\n${text}`)),
    fc.constantFrom(latin1(GET), latin1(OK), latin1('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(0 as const, 1 as const), bytes), { maxLength: 12 }), (sent) => {
      const conversation = new Conversation().send(CLIENT, latin1(GET));
      for (const [side, each] of sent) conversation.send(side, each);
      for (const [side] of sent) conversation.lose(side, 7);
    }),
  );
});
