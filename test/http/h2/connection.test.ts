import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FINGERPRINT_BYTES } from '../../../src/http/index.ts';
import {
  FLAGS,
  PREFACE,
  SETTING,
  TYPE,
  concat,
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  pushPromise,
  rstStream,
  settings,
  settingsAck,
  windowUpdate,
  words,
} from '../../build/h2.ts';
import { HpackEncoder, latin1, type Field } from '../../build/hpack.ts';
import { Conversation } from '../conversation.ts';

const REQUEST: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/api/v1/pods?watch=1'],
  [':authority', 'kubernetes'],
];
const TOLD_REQUEST = { method: 'GET', path: '/api/v1/pods?watch=1', authority: 'kubernetes' };
const FIRST = concat(PREFACE, settings());

/** A connection whose prefaces are through. */
function opened(): Conversation {
  const conversation = new Conversation().send(0, FIRST).send(1, settings());
  conversation.told();
  return conversation;
}

describe('frames (RFC 9113 §6)', () => {
  test('the prefaces tell the protocol, once', () => {
    expect(new Conversation().send(0, FIRST).send(1, settings(), settingsAck()).told()).toEqual([
      ['protocol', 'h2'],
      ['settings', 0, false],
      ['settings', 1, false],
      ['settings', 1, true],
    ]);
  });

  test('a server may speak first', () => {
    expect(new Conversation().send(1, settings([SETTING.MAX_CONCURRENT_STREAMS, 100])).told()).toEqual([
      ['protocol', 'h2'],
      ['settings', 1, false],
    ]);
  });

  test('a request, its response and trailers', () => {
    const server = new HpackEncoder();
    const conversation = opened()
      .send(0, headers(1, new HpackEncoder().encode(REQUEST), { endStream: true }))
      .send(1, headers(1, server.encode([[':status', '200']])), data(1, 'body'))
      .send(1, headers(1, server.encode([['grpc-status', '14']]), { endStream: true }));
    const told = conversation.told();
    expect(told).toEqual([
      ['headers', 0, 1, TOLD_REQUEST, true],
      ['headers', 1, 1, { status: 200 }, false],
      ['data', 1, 1, 4, expect.any(Number), false],
      ['headers', 1, 1, { grpcStatus: '14' }, true],
    ]);
  });

  test('an extended CONNECT, its path and what runs through it both ways (RFC 8441 §4)', () => {
    const path = '/api/v1/namespaces/default/pods/web-0/exec?command=sh';
    const asked = REQUEST.map(([name, value]): Field => [
      name,
      name === ':method' ? 'CONNECT' : name === ':path' ? path : value,
    ]);
    const conversation = opened()
      .send(0, headers(1, new HpackEncoder().encode([...asked, [':protocol', 'websocket']])), data(1, 'ls'))
      .send(1, headers(1, new HpackEncoder().encode([[':status', '200']])), data(1, 'files'));
    expect(conversation.told()).toEqual([
      [
        'headers',
        0,
        1,
        { ...TOLD_REQUEST, method: 'CONNECT', path: '/api/v1/namespaces/default/pods/web-0/exec?command=***' },
        false,
      ],
      ['data', 0, 1, 2, expect.any(Number), false],
      ['headers', 1, 1, { status: 200 }, false],
      ['data', 1, 1, 5, expect.any(Number), false],
    ]);
  });

  test('padding and priority are not part of a field block, nor padding of data', () => {
    const block = new HpackEncoder().encode(REQUEST);
    expect(
      opened()
        .send(0, headers(3, block, { padBytes: 7, priority: true }), data(3, 'abc', { padBytes: 255, endStream: true }))
        .told(),
    ).toEqual([
      ['headers', 0, 3, TOLD_REQUEST, false],
      ['data', 0, 3, 3, expect.any(Number), true],
    ]);
  });

  test.each([1, 2, 5, 30])('a field block in CONTINUATIONs of %i bytes is one', (fragmentBytes) => {
    const block = new HpackEncoder().encode(REQUEST);
    const frames = headers(1, block, { fragmentBytes, padBytes: 3, priority: true, endStream: true });
    expect(opened().send(0, frames).told()).toEqual([['headers', 0, 1, TOLD_REQUEST, true]]);
  });

  test('an empty CONTINUATION ends a block', () => {
    const block = new HpackEncoder().encode(REQUEST);
    const frames = concat(
      frame(TYPE.HEADERS, 0, 1, block),
      frame(TYPE.CONTINUATION, 0, 1),
      frame(TYPE.CONTINUATION, FLAGS.END_HEADERS, 1),
    );
    expect(opened().send(0, frames).told()).toEqual([['headers', 0, 1, TOLD_REQUEST, false]]);
  });

  test('a HEADERS frame without a payload is empty trailers, or a block that is in CONTINUATIONs (RFC 9113 §6.2)', () => {
    const block = new HpackEncoder().encode(REQUEST);
    const conversation = opened()
      .send(0, concat(frame(TYPE.HEADERS, 0, 1), frame(TYPE.CONTINUATION, FLAGS.END_HEADERS, 1, block)))
      .send(1, headers(1, new HpackEncoder().encode([[':status', '200']])))
      .send(1, frame(TYPE.HEADERS, FLAGS.END_HEADERS | FLAGS.END_STREAM, 1));
    expect(conversation.told()).toEqual([
      ['headers', 0, 1, TOLD_REQUEST, false],
      ['headers', 1, 1, { status: 200 }, false],
      ['headers', 1, 1, {}, true],
    ]);
    expect(conversation.pass.counters).toMatchObject({ illegalFrames: 0 });
  });

  test('so is a PUSH_PROMISE with nothing but its stream (RFC 9113 §6.6)', () => {
    const promise = frame(TYPE.PUSH_PROMISE, 0, 1, words(2));
    const conversation = opened().send(1, concat(promise, frame(TYPE.CONTINUATION, FLAGS.END_HEADERS, 1), ping(1, 2)));
    expect(conversation.told()).toEqual([['ping', 1, false, 1, 2]]);
  });

  test.each([
    [TYPE.HEADERS, FLAGS.PADDED, 0],
    [TYPE.HEADERS, FLAGS.PRIORITY, 4],
    [TYPE.HEADERS, FLAGS.PADDED | FLAGS.PRIORITY, 5],
    [TYPE.PUSH_PROMISE, FLAGS.PADDED, 4],
    [TYPE.PUSH_PROMISE, 0, 3],
  ])('a frame of type %i with flags %i is too short with %i bytes', (type, flags, bytes) => {
    const conversation = opened().send(1, frame(type, flags | FLAGS.END_HEADERS, 1, new Uint8Array(bytes)));
    expect(conversation.pass.counters).toMatchObject({ illegalFrames: 1, lost: 1 });
  });

  test('PING carries its opaque data as two signed words', () => {
    expect(
      opened()
        .send(0, ping(0x01020304, 0xffffffff))
        .send(1, ping(0x01020304, -1, true))
        .told(),
    ).toEqual([
      ['ping', 0, false, 0x01020304, -1],
      ['ping', 1, true, 0x01020304, -1],
    ]);
  });

  test('GOAWAY: last stream, error code and debug data', () => {
    expect(
      opened()
        .send(1, goaway(0x7fffffff, 0), goaway(7, 11, 'too_many_pings'))
        .told(),
    ).toEqual([
      ['goaway', 1, 0x7fffffff, 0, ''],
      ['goaway', 1, 7, 11, 'too_many_pings'],
    ]);
  });

  test("GOAWAY's debug data is told up to 256 bytes, its error code is unsigned, the reserved bit is ignored", () => {
    expect(
      opened()
        .send(1, goaway(0x80000005, 0xffffffff, 'x'.repeat(300)))
        .told(),
    ).toEqual([['goaway', 1, 5, 0xffffffff, 'x'.repeat(256)]]);
  });

  test('RST_STREAM and WINDOW_UPDATE', () => {
    expect(opened().send(0, rstStream(5, 8), windowUpdate(0, 0x80000001), windowUpdate(5, 100)).told()).toEqual([
      ['rstStream', 0, 5, 8],
      ['windowUpdate', 0, 0, 1],
      ['windowUpdate', 0, 5, 100],
    ]);
  });

  test('unknown types are stepped over (RFC 9113 §5.5), PRIORITY too', () => {
    const unknown = [frame(0x0a, 0xff, 0, latin1('altsvc')), frame(0xee, 1, 9), priority(3)];
    expect(
      opened()
        .send(0, ...unknown, ping(1, 2))
        .told(),
    ).toEqual([['ping', 0, false, 1, 2]]);
  });

  test('a pushed request is not told, its block still feeds the table', () => {
    const server = new HpackEncoder();
    const pushed = server.encode([['server', 'envoy']]);
    const response = server.encode([
      [':status', '200'],
      ['server', 'envoy'],
    ]);
    expect(
      opened()
        .send(1, pushPromise(1, 2, pushed), headers(2, response))
        .told(),
    ).toEqual([['headers', 1, 2, { status: 200, server: 'envoy' }, false]]);
  });

  test('undefined flags and the reserved bit of the stream are ignored (RFC 9113 §4.1)', () => {
    expect(
      opened()
        .send(0, frame(TYPE.RST_STREAM, 0xff, 0x80000003, words(2)))
        .told(),
    ).toEqual([['rstStream', 0, 3, 2]]);
  });

  test('empty DATA ends a stream', () => {
    expect(
      opened()
        .send(0, data(1, '', { endStream: true }))
        .told(),
    ).toEqual([['data', 0, 1, 0, 0, true]]);
  });
});

describe('cut by segments', () => {
  const client = new HpackEncoder();
  const frames = concat(
    FIRST,
    headers(1, client.encode(REQUEST), { padBytes: 2, priority: true, fragmentBytes: 9 }),
    data(1, 'some data that is longer than a fingerprint takes', { padBytes: 5 }),
    frame(0x20, 0, 0, latin1('unknown')),
    headers(3, client.encode(REQUEST), { endStream: true }),
    ping(1, 2),
    goaway(1, 2, 'debug'),
    rstStream(3, 8),
    windowUpdate(1, 10),
    settingsAck(),
    data(1, '', { endStream: true }),
  );
  /** The calls, with the fingerprint, which is 0 by design where the data is cut, left out. */
  const told = (conversation: Conversation): unknown[][] =>
    conversation.told().map((call) => (call[0] === 'data' ? call.toSpliced(4, 1) : call));
  const whole = told(new Conversation().send(0, frames));

  test('at every byte boundary, the calls are the same', () => {
    expect(whole.length).toBe(11);
    for (let cut = 1; cut < frames.length; cut++) {
      const parts = [frames.subarray(0, cut), frames.subarray(cut)];
      expect(told(new Conversation().send(0, ...parts)), `cut at byte ${cut}`).toEqual(whole);
    }
  });

  test('into segments of any one size, the calls are the same', () => {
    for (let bytes = 1; bytes < 60; bytes++) {
      expect(told(new Conversation().sendCut(0, frames, bytes)), `segments of ${bytes}`).toEqual(whole);
    }
  });

  test('anyhow, the calls are the same', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: frames.length }), { maxLength: 20 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), frames.length];
        const parts = places.slice(1).map((end, nth) => frames.subarray(places[nth], end));
        expect(told(new Conversation().send(0, ...parts))).toEqual(whole);
      }),
    );
  });
});

describe('fingerprints of data', () => {
  const fingerprint = (payload: string, padBytes?: number): unknown => {
    const sent = padBytes === undefined ? data(1, payload) : data(1, payload, { padBytes });
    return opened().send(0, sent).told()[0]?.[4];
  };

  test('the same first bytes give the same, whatever follows and however they are padded', () => {
    const start = 'x'.repeat(FINGERPRINT_BYTES);
    expect(fingerprint(start)).not.toBe(0);
    expect(fingerprint(start)).toBe(fingerprint(start, 9));
    expect(fingerprint(`${start}one`)).toBe(fingerprint(`${start}another`));
  });

  test('another byte anywhere, or one fewer, gives another', () => {
    const lengths = Array.from({ length: FINGERPRINT_BYTES + 1 }, (_, bytes) => fingerprint('a'.repeat(bytes)));
    expect(new Set(lengths).size).toBe(FINGERPRINT_BYTES + 1);
    const changed = Array.from({ length: FINGERPRINT_BYTES }, (_, at) =>
      fingerprint(`${'a'.repeat(at)}b${'a'.repeat(FINGERPRINT_BYTES - at - 1)}`),
    );
    expect(new Set(changed).size).toBe(FINGERPRINT_BYTES);
  });

  test('0 where the first bytes were not captured together', () => {
    const sent = data(1, 'x'.repeat(40));
    expect(opened().send(0, sent.subarray(0, 20), sent.subarray(20)).told()).toEqual([['data', 0, 1, 40, 0, false]]);
  });

  test('known where the cut is behind the first bytes, or right before them', () => {
    const text = 'x'.repeat(FINGERPRINT_BYTES + 8);
    const sent = data(1, text, { padBytes: 4 });
    const known = fingerprint(text);
    for (const cut of [9, 10, 9 + 1 + FINGERPRINT_BYTES, 9 + 1 + text.length]) {
      expect(opened().send(0, sent.subarray(0, cut), sent.subarray(cut)).told()[0]?.[4], `cut at ${cut}`).toBe(known);
    }
  });
});

describe('gaps', () => {
  test('inside a DATA body leave the flow synchronised and its table known', () => {
    const client = new HpackEncoder();
    const body = data(1, 'x'.repeat(100));
    const conversation = opened()
      .send(0, headers(1, client.encode(REQUEST)), body.subarray(0, 20))
      .lose(0, body.length - 20 - 10)
      .send(0, body.subarray(body.length - 10), headers(3, client.encode(REQUEST)));
    expect(conversation.told()).toEqual([
      ['headers', 0, 1, TOLD_REQUEST, false],
      ['data', 0, 1, 100, 0, false],
      ['headers', 0, 3, TOLD_REQUEST, false],
    ]);
    expect(conversation.pass.counters).toMatchObject({ gapsInsideFrames: 1, lost: 0 });
  });

  test('up to the end of a DATA body complete the frame', () => {
    const body = data(1, 'x'.repeat(100));
    expect(
      opened()
        .send(0, body.subarray(0, 60))
        .lose(0, body.length - 60)
        .send(0, ping(1, 2))
        .told(),
    ).toEqual([
      ['data', 0, 1, 100, expect.any(Number), false],
      ['ping', 0, false, 1, 2],
    ]);
  });

  test('one byte longer lose the flow, until frames stand where a segment begins', () => {
    const body = data(1, 'x'.repeat(100));
    const conversation = opened()
      .send(0, body.subarray(0, 60))
      .lose(0, body.length - 60 + 1)
      .send(0, ping(1, 2));
    expect(conversation.told()).toEqual([
      ['lost', 0],
      ['regained', 0],
      ['ping', 0, false, 1, 2],
    ]);
    expect(conversation.pass.counters).toMatchObject({ lost: 1, regained: 1 });
  });

  test('inside a field block: the message is told with unknown fields, and the table is unknown', () => {
    const client = new HpackEncoder();
    const first = headers(1, client.encode(REQUEST));
    const conversation = opened()
      .send(0, first.subarray(0, 12))
      .lose(0, 5)
      .send(0, first.subarray(17), headers(3, client.encode(REQUEST), { endStream: true }));
    expect(conversation.told()).toEqual([
      ['headers', 0, 1, { method: null, path: null, unknownNames: 1 }, false],
      ['headers', 0, 3, { method: 'GET', path: null, unknownNames: 2 }, true],
    ]);
  });

  test('inside a block of CONTINUATIONs: the rest of the block is stepped over', () => {
    const block = new HpackEncoder().encode(REQUEST);
    const frames = headers(1, block, { fragmentBytes: 8, endStream: true });
    const conversation = opened().send(0, frames.subarray(0, 11)).lose(0, 4).send(0, frames.subarray(15), ping(1, 2));
    expect(conversation.told()).toEqual([
      ['headers', 0, 1, { unknownNames: 1 }, true],
      ['ping', 0, false, 1, 2],
    ]);
  });

  test('inside another payload: the frame is not told', () => {
    const sent = goaway(1, 2, 'a debug text');
    expect(opened().send(0, sent.subarray(0, 12)).lose(0, 3).send(0, sent.subarray(15), ping(1, 2)).told()).toEqual([
      ['ping', 0, false, 1, 2],
    ]);
  });

  test('in a frame header lose the flow', () => {
    const sent = ping(1, 2);
    expect(opened().send(0, sent.subarray(0, 5)).lose(0, 2).told()).toEqual([['lost', 0]]);
  });

  test('where nothing is missing, nothing happens', () => {
    expect(opened().lose(0, 0).send(0, ping(1, 2)).told()).toEqual([['ping', 0, false, 1, 2]]);
  });

  test('a response with unknown fields that does not end its stream has an unknown status', () => {
    const server = new HpackEncoder();
    const response = server.encode([[':status', '418']]);
    const again = server.encode([[':status', '418']]);
    const conversation = opened().send(1, headers(1, response));
    conversation.told();
    conversation.lose(1, 30).send(1, headers(3, again), ping(1, 2), headers(5, again, { endStream: true }));
    expect(conversation.told()).toEqual([
      ['lost', 1],
      ['regained', 1],
      ['headers', 1, 3, { status: null, unknownNames: 1 }, false],
      ['ping', 1, false, 1, 2],
      ['headers', 1, 5, { unknownNames: 1 }, true],
    ]);
  });
});

describe('frames that break a rule lose the flow', () => {
  test.each([
    ['SETTINGS on a stream (§6.5)', frame(TYPE.SETTINGS, 0, 1)],
    ['SETTINGS with half a parameter (§6.5)', frame(TYPE.SETTINGS, 0, 0, new Uint8Array(7))],
    ['PING of 7 bytes (§6.7)', frame(TYPE.PING, 0, 0, new Uint8Array(7))],
    ['PING on a stream (§6.7)', frame(TYPE.PING, 0, 1, new Uint8Array(8))],
    ['GOAWAY of 7 bytes (§6.8)', frame(TYPE.GOAWAY, 0, 0, new Uint8Array(7))],
    ['RST_STREAM on the connection (§6.4)', frame(TYPE.RST_STREAM, 0, 0, new Uint8Array(4))],
    ['WINDOW_UPDATE of 5 bytes (§6.9)', frame(TYPE.WINDOW_UPDATE, 0, 0, new Uint8Array(5))],
    ['PRIORITY of 4 bytes (§6.3)', frame(TYPE.PRIORITY, 0, 1, new Uint8Array(4))],
    ['DATA on the connection (§6.1)', frame(TYPE.DATA, 0, 0, latin1('x'))],
    ['padding as long as the payload (§6.1)', frame(TYPE.DATA, FLAGS.PADDED, 1, Uint8Array.of(4, 0, 0, 0))],
    ['a pad length that is missing (§6.1)', frame(TYPE.DATA, FLAGS.PADDED, 1)],
    [
      'padding over the field block (§6.2)',
      frame(TYPE.HEADERS, FLAGS.END_HEADERS | FLAGS.PADDED, 1, Uint8Array.of(2, 0)),
    ],
    ['priority fields that are missing (§6.2)', frame(TYPE.HEADERS, FLAGS.END_HEADERS | FLAGS.PRIORITY, 1, words(0))],
    ['CONTINUATION without a block (§6.10)', frame(TYPE.CONTINUATION, FLAGS.END_HEADERS, 1)],
    ['another frame inside a block (§6.10)', concat(frame(TYPE.HEADERS, 0, 1, Uint8Array.of(0x82)), ping(1, 2))],
    [
      'CONTINUATION of another stream (§6.10)',
      concat(frame(TYPE.HEADERS, 0, 1, Uint8Array.of(0x82)), frame(TYPE.CONTINUATION, 4, 3)),
    ],
  ])('%s', (_name, bytes) => {
    const conversation = opened().send(0, bytes);
    expect(conversation.told()).toEqual([['lost', 0]]);
    expect(conversation.pass.counters).toMatchObject({ illegalFrames: 1, lost: 1 });
  });

  test('a malformed field block', () => {
    const conversation = opened().send(0, headers(1, Uint8Array.of(0x80)));
    expect(conversation.told()).toEqual([['lost', 0]]);
    expect(conversation.pass.counters).toMatchObject({ hpackErrors: 1 });
  });

  test('a frame longer than the receiver announced', () => {
    const long = data(1, new Uint8Array(16_385));
    const conversation = opened().send(0, long);
    expect(conversation.told()).toEqual([['lost', 0]]);
    expect(conversation.pass.counters).toMatchObject({ longFrames: 1 });
    const announced = new Conversation().send(0, FIRST).send(1, settings([SETTING.MAX_FRAME_SIZE, 16_385]));
    announced.told();
    expect(announced.send(0, long).told()).toEqual([['data', 0, 1, 16_385, expect.any(Number), false]]);
  });

  test('a frame longer than the default is fine while the receiver was not heard', () => {
    const long = data(1, new Uint8Array(20_000));
    expect(new Conversation().send(0, FIRST, long).told()).toContainEqual(
      ['data', 0, 1, 20_000, 0, false].with(4, expect.any(Number)),
    );
  });

  test('a frame longer than the default is fine where the first SETTINGS may be missing', () => {
    const long = data(1, new Uint8Array(20_000));
    const conversation = new Conversation()
      .send(0, FIRST)
      .lose(1, 40)
      .send(1, settingsAck(), settings([3, 1]));
    conversation.told();
    expect(conversation.send(0, long).told()[0]?.[0]).toBe('data');
  });

  test('CONTINUATIONs without end', () => {
    const conversation = opened().send(0, frame(TYPE.HEADERS, 0, 1, Uint8Array.of(0x82)));
    const more = frame(TYPE.CONTINUATION, 0, 1, new Uint8Array(16_384));
    for (let i = 0; i < 64; i++) conversation.send(0, more);
    expect(conversation.told()).toEqual([['lost', 0]]);
    expect(conversation.pass.counters).toMatchObject({ collectLimit: 1 });
  });
});

test('closed frees the state: bytes after it begin anew', () => {
  const conversation = opened();
  conversation.pass.closed(0);
  expect(conversation.send(0, FIRST).told()).toEqual([
    ['protocol', 'h2'],
    ['settings', 0, false],
  ]);
});

/** A PING, alone in its segment, inside a DATA frame: it is taken for a tunnel that was joined in its middle. */
const PING_IN_DATA: [Uint8Array, number, boolean][] = [
  [ping(1, 2), 0, true],
  [Uint8Array.of(0, 1), 0, true],
  [Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0), 0, true],
  [ping(1, 2), 0, true],
];

test('no bytes throw, and what was lost is counted', () => {
  const alphabet = [PREFACE, settings(), ping(1, 2), data(1, 'x'), headers(1, Uint8Array.of(0x82)), goaway(1, 1, 'd')];
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(...alphabet),
    fc.tuple(fc.nat(20), fc.nat(12), fc.nat(255), fc.nat(4)).map(([length, type, flags, stream]) => {
      return frame(type, flags, stream, new Uint8Array(length));
    }),
  );
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.tuple(piece, fc.nat(9), fc.boolean())), (fromStart, pieces) => {
      const conversation = new Conversation(fromStart);
      for (const [bytes, lostBytes, isServer] of pieces) {
        conversation.send(isServer ? 1 : 0, bytes);
        if (lostBytes > 6) conversation.lose(isServer ? 1 : 0, lostBytes);
      }
      const told = conversation.told();
      const calls = (name: string): number => told.filter(([call]) => call === name).length;
      // A flow that is joined in its middle is told once as lost besides: of the connection, and of each tunnel in it.
      const joinedMidway = calls('lost') - conversation.pass.counters.lost;
      expect(joinedMidway).toBeGreaterThanOrEqual(0);
      expect(joinedMidway).toBeLessThanOrEqual(2 * (1 + calls('tunnel')));
      conversation.pass.closed(0);
    }),
    { numRuns: 1000, examples: [[false, PING_IN_DATA]] },
  );
});
