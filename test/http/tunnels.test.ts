import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TUNNELS_MAX } from '../../src/http/tunnels.ts';
import type { Side } from '../../src/tcp/index.ts';
import {
  concat,
  data,
  goaway,
  headers,
  ping,
  PREFACE,
  rstStream,
  settings,
  settingsAck,
  windowUpdate,
} from '../build/h2.ts';
import { HpackEncoder, latin1 } from '../build/hpack.ts';
import type { Told } from '../build/http-record.ts';
import { Conversation } from './conversation.ts';

const CLIENT = 0;
const SERVER = 1;
const INNER = -1;
const BODY = 'x'.repeat(300);

type Said = readonly [side: Side, bytes: Uint8Array];

/** An HTTP/2 connection through which another speaks; each side's own field blocks. */
class Carrier {
  readonly said: Said[] = [
    [CLIENT, concat(PREFACE, settings())],
    [SERVER, concat(settings(), settingsAck())],
  ];
  readonly #asks = new HpackEncoder();
  readonly #answers = new HpackEncoder();

  connect(stream: number, extended = false): this {
    const scheme = extended
      ? ([
          [':scheme', 'http'],
          [':path', '/exec'],
          [':protocol', 'websocket'],
        ] as const)
      : [];
    const block = this.#asks.encode([[':method', 'CONNECT'], ...scheme, [':authority', '10.9.4.1:8080']]);
    return this.say(CLIENT, headers(stream, block));
  }

  answer(stream: number, status = '200'): this {
    return this.say(SERVER, headers(stream, this.#answers.encode([[':status', status]])));
  }

  say(side: Side, ...bytes: readonly Uint8Array[]): this {
    this.said.push([side, concat(...bytes)]);
    return this;
  }

  /** Sends what was said on another connection, in DATA frames of at most so many bytes. */
  carry(stream: number, inner: readonly Said[], frameBytes: number, padBytes?: number): this {
    for (const [side, bytes] of inner) {
      for (let at = 0; at < bytes.length; at += frameBytes)
        this.say(side, data(stream, bytes.subarray(at, at + frameBytes), padBytes === undefined ? {} : { padBytes }));
    }
    return this;
  }

  /** What is told of it, cut into segments of at most so many bytes. */
  told(segmentBytes = 1460): Told[] {
    const conversation = new Conversation();
    for (const [side, bytes] of this.said) conversation.sendCut(side, bytes, segmentBytes);
    return conversation.toldOfAll();
  }
}

/** A watch over HTTP/2, with whatever else a connection says of itself. */
function watch(): readonly Said[] {
  const [asks, answers] = [new HpackEncoder(), new HpackEncoder()];
  const request = asks.encode([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/api/v1/pods?watch=1'],
    [':authority', 'kubernetes'],
  ]);
  return [
    [CLIENT, concat(PREFACE, settings(), headers(1, request, { endStream: true }))],
    [SERVER, concat(settings(), settingsAck(), headers(1, answers.encode([[':status', '200']])), data(1, BODY))],
    [CLIENT, concat(settingsAck(), windowUpdate(0, 300), ping(1, 2))],
    [SERVER, concat(ping(1, 2, true), data(1, `${BODY}.`))],
    [CLIENT, rstStream(1, 8)],
    [SERVER, goaway(1, 0)],
  ];
}

/** What is told of it on a connection of its own. */
function toldAlone(said: readonly Said[]): unknown[][] {
  const conversation = new Conversation();
  for (const [side, bytes] of said) conversation.send(side, bytes);
  return conversation.told().filter(([call]) => call !== 'protocol');
}

function of(number: number, told: readonly Told[]): unknown[][] {
  return told
    .filter(([call, connection]) => connection === number && call !== 'tunnel' && call !== 'tunnelClosed')
    .map(([call, , ...rest]) => [call, ...rest]);
}

/** Without fingerprints, which are made where all of their bytes came together. */
function unprinted(told: readonly unknown[][]): unknown[][] {
  return told.map((call) => (call[0] === 'data' ? call.filter((_, at) => at !== 4) : call));
}

const opened = (told: readonly Told[]): readonly Told[] => told.filter(([call]) => call.startsWith('tunnel'));

describe('what runs in a CONNECT stream of HTTP/2 (RFC 9113 §8.5)', () => {
  test('is told as of a connection of its own, however it is cut into frames and segments', () => {
    const alone = toldAlone(watch());
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 700 }),
        fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
        (frameBytes, segmentBytes, padBytes) => {
          const told = new Carrier().connect(1).answer(1).carry(1, watch(), frameBytes, padBytes).told(segmentBytes);
          expect(unprinted(of(INNER, told))).toEqual(unprinted(alone));
          expect(opened(told)).toEqual([['tunnel', INNER, 0, 1, 'h2']]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('leaves what is told of the stream itself as it is, and its pings are not the connection’s', () => {
    const told = of(0, new Carrier().connect(1).answer(1).carry(1, watch(), 16_384).told());
    expect(told.filter(([call]) => call === 'ping' || call === 'goaway' || call === 'rstStream')).toEqual([]);
    const sizes = watch().map(([side, { length }]) => [side, length]);
    expect(told.filter(([call]) => call === 'data').map(([, side, , bytes]) => [side, bytes])).toEqual(sizes);
  });

  test('two tunnels of one connection are two connections', () => {
    const carrier = new Carrier().connect(1).answer(1).connect(3).answer(3);
    const [first, second] = [watch(), watch()];
    for (const [at, said] of first.entries()) {
      carrier.carry(1, [said], 1000).carry(3, second.slice(at, at + 1), 900);
    }
    const told = carrier.told();
    expect([of(-1, told), of(-2, told)]).toEqual([toldAlone(first), toldAlone(second)]);
  });

  test('of HTTP/1.1 a body without a length ends with the stream’s side, as with a FIN', () => {
    const told = new Carrier()
      .connect(1)
      .answer(1)
      .carry(1, [[CLIENT, latin1('GET /a HTTP/1.1\r\nhost: api\r\n\r\n')]], 99)
      .carry(1, [[SERVER, latin1('HTTP/1.0 200 OK\r\n\r\nabc')]], 99)
      .say(SERVER, data(1, '', { endStream: true }))
      .say(CLIENT, data(1, '', { endStream: true }))
      .told();
    expect(opened(told)).toEqual([
      ['tunnel', INNER, 0, 1, 'http1'],
      ['tunnelClosed', INNER],
    ]);
    expect(of(INNER, told).map(([call, side, stream, , last, end]) => [call, side, stream, end ?? last])).toEqual([
      ['headers', CLIENT, 1, true],
      ['headers', SERVER, 1, false],
      ['data', SERVER, 1, false],
      ['data', SERVER, 1, true],
    ]);
  });

  test('a PROXY header before it is stepped over', () => {
    const proxied: Said = [CLIENT, latin1('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')];
    const told = new Carrier()
      .connect(1)
      .answer(1)
      .carry(1, [proxied, ...watch()], 1000)
      .told();
    expect(of(INNER, told)).toEqual(toldAlone(watch()));
  });

  test('that is TLS is told as such, and no more of it', () => {
    const record = concat(Uint8Array.of(22, 3, 1, 0, 40), new Uint8Array(40).fill(7));
    const told = new Carrier()
      .connect(1)
      .answer(1)
      .carry(
        1,
        [
          [CLIENT, record],
          [SERVER, record],
        ],
        1000,
      )
      .told();
    expect(opened(told)).toEqual([['tunnel', INNER, 0, 1, 'tls']]);
    expect(of(INNER, told)).toEqual([]);
  });

  test('bytes of nothing that is known are told of the stream only', () => {
    const told = new Carrier()
      .connect(1)
      .answer(1)
      .carry(1, [[CLIENT, latin1('\u0003SELECT 1'.repeat(30))]], 1000)
      .told();
    expect(told.filter(([, connection]) => connection < 0)).toEqual([]);
  });
});

describe('no tunnel is', () => {
  test('a CONNECT that was refused: its body says why (RFC 9110 §9.3.6)', () => {
    const told = new Carrier()
      .connect(1)
      .answer(1, '503')
      .say(SERVER, data(1, 'no healthy upstream', { endStream: true }));
    expect(told.told().filter(([call, connection]) => connection < 0 || call === 'reason')).toEqual([
      ['reason', 0, 1, 'no-healthy-upstream'],
    ]);
  });

  test('an extended CONNECT (RFC 8441), or what runs in a tunnel that runs in a tunnel', () => {
    expect(opened(new Carrier().connect(1, true).answer(1).carry(1, watch(), 1000).told())).toEqual([]);
    const inner = new Carrier().connect(1).answer(1).carry(1, watch(), 1000);
    const told = new Carrier().connect(1).answer(1).carry(1, inner.said, 1000).told();
    expect(opened(told)).toEqual([['tunnel', INNER, 0, 1, 'h2']]);
    const alone = of(0, inner.told()).filter(([call]) => call !== 'protocol');
    expect(unprinted(of(INNER, told))).toEqual(unprinted(alone));
  });

  test('one more than TUNNELS_MAX at one time; where one is over there is room again', () => {
    const carrier = new Carrier();
    const last = 2 * TUNNELS_MAX + 1;
    for (let stream = 1; stream <= last; stream += 2) carrier.connect(stream);
    const conversation = new Conversation();
    for (const [side, bytes] of carrier.said) conversation.send(side, bytes);
    expect(conversation.pass.counters.tunnelLimit).toBe(1);
    const later = new Carrier().carry(last, watch(), 1000).said.slice(2);
    for (const [side, bytes] of later) conversation.send(side, bytes);
    expect(opened(conversation.toldOfAll())).toEqual([]);
    conversation.send(CLIENT, rstStream(1, 8));
    const more = new Carrier()
      .connect(last + 2)
      .carry(last + 2, watch(), 1000)
      .said.slice(2);
    for (const [side, bytes] of more) conversation.send(side, bytes);
    expect(opened(conversation.toldOfAll())).toEqual([['tunnel', -TUNNELS_MAX - 1, 0, last + 2, 'h2']]);
  });
});

describe('a tunnel is let go', () => {
  test('where its number is asked for again', () => {
    const conversation = new Conversation();
    const carrier = new Carrier().connect(1).answer(1).carry(1, watch(), 1000).connect(1).carry(1, watch(), 1000);
    for (const [side, bytes] of carrier.said) conversation.send(side, bytes);
    expect(opened(conversation.toldOfAll())).toEqual([
      ['tunnel', INNER, 0, 1, 'h2'],
      ['tunnelClosed', INNER],
      ['tunnel', INNER - 1, 0, 1, 'h2'],
    ]);
  });

  test.each([
    ['by a reset', (to: Conversation) => to.send(SERVER, rstStream(1, 2))],
    ['with its connection', (to: Conversation) => to.closed()],
  ])('%s', (_, end) => {
    const conversation = new Conversation();
    for (const [side, bytes] of new Carrier().connect(1).answer(1).carry(1, watch(), 1000).said)
      conversation.send(side, bytes);
    conversation.toldOfAll();
    end(conversation);
    expect(conversation.toldOfAll()).toContainEqual(['tunnelClosed', INNER]);
  });
});

describe('a tunnel that is over inside a DATA frame', () => {
  test.each([
    ['its server refused it', SERVER, new Carrier().connect(1).answer(1, '503').said.at(-1)?.[1]],
    ['a side reset it', CLIENT, rstStream(1, 8)],
  ] as const)('brings no more: %s', (_why, by, word) => {
    const conversation = new Conversation();
    for (const [side, bytes] of new Carrier().connect(1).carry(1, watch().slice(0, 1), 16_384).said)
      conversation.send(side, bytes);
    const from = by === CLIENT ? SERVER : CLIENT;
    const frame = data(1, concat(latin1('x'.repeat(50)), latin1('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n')));
    conversation.send(from, frame.subarray(0, 9 + 50)).send(by, word ?? new Uint8Array(0));
    conversation.toldOfAll();
    conversation.send(from, frame.subarray(9 + 50));
    expect(of(INNER, conversation.toldOfAll())).toEqual([]);
  });
});

describe('bytes that are missing', () => {
  const carrier = new Carrier().connect(1).answer(1).carry(1, watch().slice(0, 2), 16_384);

  function lossOf(lostBytes: number): Told[] {
    const conversation = new Conversation();
    for (const [side, bytes] of carrier.said) conversation.send(side, bytes);
    conversation.toldOfAll();
    const event = data(1, data(1, BODY));
    // Of the frame's payload the last hundred bytes do not come.
    conversation.send(SERVER, event.subarray(0, event.length - 100)).lose(SERVER, lostBytes);
    conversation.send(SERVER, data(1, data(1, BODY)), data(1, concat(data(1, BODY), ping(1, 2, true))));
    return conversation.toldOfAll();
  }

  test('inside a DATA frame are missing inside what runs in it', () => {
    expect(of(INNER, lossOf(100)).map(([call]) => call)).toEqual(['data', 'data', 'data', 'ping']);
  });

  test('of one direction before it is known what speaks are told when it is', () => {
    const [asked, answered] = watch();
    const conversation = new Conversation();
    for (const [side, bytes] of new Carrier().connect(1).answer(1).said) conversation.send(side, bytes);
    const first = data(1, asked?.[1] ?? '');
    conversation.send(CLIENT, first.subarray(0, 9)).lose(CLIENT, first.length - 9);
    conversation.send(SERVER, data(1, answered?.[1] ?? ''));
    expect(of(INNER, conversation.toldOfAll()).filter(([call]) => call === 'lost')).toEqual([['lost', CLIENT]]);
  });

  test('that leave the frames of the connection leave those of the tunnel too, and both are found again', () => {
    const told = lossOf(5000);
    expect(
      of(0, told)
        .map(([call]) => call)
        .slice(0, 2),
    ).toEqual(['lost', 'regained']);
    expect(
      of(INNER, told)
        .map(([call]) => call)
        .slice(0, 2),
    ).toEqual(['lost', 'regained']);
    expect(of(INNER, told).at(-1)?.[0]).toBe('ping');
  });
});

describe('a capture that begins later', () => {
  function joined(inner: readonly Said[], frameBytes = 16_384): Told[] {
    const conversation = new Conversation(false);
    for (const [side, bytes] of new Carrier().carry(5, inner, frameBytes).said.slice(2)) conversation.send(side, bytes);
    return conversation.toldOfAll();
  }

  test('shows a tunnel all the same, once frames are recognised in it', () => {
    const told = joined([...watch().slice(2, 4), ...watch().slice(2, 4)]);
    expect(opened(told)[0]).toEqual(['tunnel', INNER, 0, 5, 'h2']);
    expect(of(INNER, told).map(([call]) => call)).toContain('ping');
  });

  test('shows any number of them, one that was none among 64 at most', () => {
    const conversation = new Conversation(false);
    const frames = watch().slice(2, 4);
    const look = (stream: number, said: readonly Said[]): void => {
      for (const [side, bytes] of new Carrier().carry(stream, said, 1000).said.slice(2)) conversation.send(side, bytes);
    };
    for (let stream = 1; stream < 200; stream += 2) look(stream, [...frames, ...frames]);
    expect(opened(conversation.toldOfAll())).toHaveLength(100);
    for (let stream = 201; stream < 201 + 2 * 64; stream += 2)
      look(stream, [[SERVER, latin1('no frames at all'.repeat(9))]]);
    expect(conversation.pass.counters.suspectLimit).toBe(0);
    look(401, [...frames, ...frames]);
    expect(opened(conversation.toldOfAll())).toEqual([]);
    expect(conversation.pass.counters.suspectLimit).toBeGreaterThan(0);
  });

  test('finds none in other bodies', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 20, maxLength: 400 }), { minLength: 3, maxLength: 30 }),
        (bodies) => {
          expect(opened(joined(bodies.map((body): Said => [SERVER, body])))).toEqual([]);
        },
      ),
    );
  });
});

test('nothing that runs in a tunnel throws, or is told of another', () => {
  const inner = concat(...watch().map(([, bytes]) => bytes));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(inner.length - 1), fc.nat(255)), { maxLength: 20 }),
      fc.integer({ min: 1, max: 300 }),
      (changes, frameBytes) => {
        const mutated = inner.slice();
        for (const [at, byte] of changes) mutated[at] = byte;
        const carrier = new Carrier().connect(1).answer(1);
        for (const side of [CLIENT, SERVER] as const) carrier.carry(1, [[side, mutated]], frameBytes);
        expect(new Set(carrier.told().map(([, connection]) => connection)).size).toBeLessThanOrEqual(2);
      },
    ),
  );
});
