import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginsChunks } from '../../../src/http/h1/chunk-size.ts';
import { latin1 } from '../../build/hpack.ts';
import { Conversation } from '../conversation.ts';
import { toldBy } from './told.ts';

const CLIENT = 0;
const SERVER = 1;
const WATCH = latin1('GET /api/v1/pods?watch=1 HTTP/1.1\r\n\r\n');
const HEAD = latin1('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
const EVENT = `${JSON.stringify({ type: 'MODIFIED', object: { metadata: { name: 'web-0' } } })}\n`;
const CHUNK = latin1(chunk(EVENT));

function chunk(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n`;
}

function isChunks(text: string): boolean {
  const bytes = latin1(`x${text}`);
  return beginsChunks(new DataView(bytes.buffer, bytes.byteOffset), 1, bytes.length);
}

describe('a watch that is joined in its middle', () => {
  test('is followed from its next event on, as the response to a request that was not seen', () => {
    const conversation = new Conversation(false).send(SERVER, latin1(EVENT.slice(9)), CHUNK, CHUNK);
    expect(conversation.told().slice(0, 2)).toEqual([
      ['lost', SERVER],
      ['protocol', 'http1'],
    ]);
    expect(toldBy(conversation.send(SERVER, latin1('0\r\n\r\n')))).toEqual([['data', SERVER, 1, 0, true]]);
    const again = new Conversation(false).send(SERVER, latin1(EVENT.slice(9)), CHUNK, CHUNK);
    expect(toldBy(again)).toEqual([
      ['lost', SERVER],
      ['lost', CLIENT],
      ['regained', SERVER],
      ['data', CLIENT, 1, 0, true],
      ['data', SERVER, 1, EVENT.length, false],
      ['data', SERVER, 1, EVENT.length, false],
    ]);
  });

  test('has the fingerprints of its events, so that they are found on the other leg', () => {
    const prints = (conversation: Conversation): unknown[] =>
      conversation.told().flatMap(([call, , , , print]) => (call === 'data' && print !== 0 ? [print] : []));
    const whole = prints(new Conversation().send(CLIENT, WATCH).send(SERVER, HEAD, CHUNK));
    expect(prints(new Conversation(false).send(SERVER, CHUNK))).toEqual(whole);
    expect(whole).toHaveLength(1);
  });

  test('and of which the next request is seen goes on with that as another exchange', () => {
    const conversation = new Conversation(false).send(SERVER, CHUNK, latin1('0\r\n\r\n'));
    conversation.send(CLIENT, WATCH).send(SERVER, HEAD);
    expect(toldBy(conversation).slice(-2)).toEqual([
      ['headers', CLIENT, 2, { method: 'GET', path: '/api/v1/pods?watch=1' }, true],
      ['headers', SERVER, 2, { status: 200 }, false],
    ]);
  });
});

describe('a watch of which packets are missing', () => {
  test('goes on with its next event, as the same exchange', () => {
    const conversation = new Conversation().send(CLIENT, WATCH).send(SERVER, HEAD, CHUNK);
    conversation.lose(SERVER, 5000).told();
    expect(toldBy(conversation.send(SERVER, latin1('rest of an event'), CHUNK))).toEqual([
      ['regained', SERVER],
      ['data', SERVER, 1, EVENT.length, false],
    ]);
  });

  test('also where its head is among them: it answers the request that waits', () => {
    const conversation = new Conversation().send(CLIENT, WATCH).lose(SERVER, 500);
    conversation.told();
    expect(toldBy(conversation.send(SERVER, CHUNK))).toEqual([
      ['regained', SERVER],
      ['data', SERVER, 1, EVENT.length, false],
    ]);
  });

  test('of a client nothing is taken for chunks but its own body', () => {
    const idle = new Conversation().send(CLIENT, WATCH).lose(CLIENT, 500);
    idle.told();
    expect(idle.send(CLIENT, CHUNK).told()).toEqual([]);
    const posting = new Conversation()
      .send(CLIENT, latin1('POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'), CHUNK)
      .lose(CLIENT, 500);
    posting.told();
    expect(toldBy(posting.send(CLIENT, CHUNK)).at(-1)).toEqual(['data', CLIENT, 1, EVENT.length, false]);
  });
});

describe('what begins with a whole chunk (RFC 9112 §7.1)', () => {
  test.each([
    '3\r\nabc\r\n',
    '3\r\nabc\r\n0\r\n\r\n',
    '3\r\nabc\r\n2\r\nxy\r\n',
    '3\r\nabc\r\n4\r\nx',
    '0003\r\nabc\r\n',
  ])('%j does', (text) => {
    expect(isChunks(text)).toBe(true);
  });

  test.each([
    '',
    '3',
    '3\r',
    '3\r\n',
    '3\r\nabc',
    '3\r\nabcd\r\n',
    '4\r\nabc\r\n',
    '0\r\n\r\n',
    '3\nabc\n',
    'g\r\n',
    '\r\n',
    '3\r\nabc\r\nx',
    '0000003\r\nabc\r\n',
    'ffffff\r\nabc',
  ])('%j does not', (text) => {
    expect(isChunks(text)).toBe(false);
  });

  test('property: random bytes never do', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        expect(beginsChunks(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length)).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });
});
