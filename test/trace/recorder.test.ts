import { describe, expect, test } from 'vitest';
import { DIRECTION, FLAG } from '../../src/decode/index.ts';
import { GAP } from '../../src/tcp/index.ts';
import type { TraceConnection, TraceStream } from '../../src/trace/index.ts';
import { fields, Recording, type SegmentShape } from './recording.ts';

/** One connection, opened at 0 s. */
function connected(): Recording {
  const recording = new Recording();
  recording.connect('10.9.1.2:50001', '10.9.0.2:80', 0);
  return recording;
}

function connection(recording: Recording): TraceConnection {
  const [only] = recording.finish().connections;
  if (only === undefined) throw new Error('no connection');
  return only;
}

function stream(recording: Recording): TraceStream {
  const [only, ...others] = recording.finish().streams;
  if (only === undefined || others.length > 0) throw new Error('not one stream');
  return only;
}

describe('silences', () => {
  const spans = (recording: Recording): (number | null)[][] =>
    connection(recording).silences.map(({ from, to }) => [from.timeNs / 1e9, to === null ? null : to.timeNs / 1e9]);

  test('more than ten seconds without a packet of either side', () => {
    expect(spans(connected().packet(0, 0, 9).packet(0, 1, 20).packet(0, 0, 29))).toEqual([[9, 20]]);
  });

  test('ten seconds are not more', () => {
    expect(spans(connected().packet(0, 0, 5).packet(0, 1, 15))).toEqual([]);
  });

  test('one lasts to the end of the capture, which others may make', () => {
    expect(spans(connected().packet(0, 0, 5).at(40))).toEqual([[5, null]]);
  });
});

describe('when some of what a side said was not read', () => {
  const unread = (recording: Recording, side: 0 | 1): number[][] =>
    connection(recording).flows[side].unread.map(({ fromNs, toNs }) => [fromNs / 1e9, toNs / 1e9]);
  const BYTES = { payloadBytes: 10 };

  test('all of it was', () => {
    expect(unread(connected().packet(0, 0, 1, BYTES).packet(0, 1, 2, BYTES), 0)).toEqual([]);
  });

  test('from the last bytes before those that are missing to the packet by which that is known', () => {
    const gap = connected().packet(0, 0, 1, BYTES).packet(0, 0, 5, { payloadBytes: 10, seqAhead: 7 });
    const acknowledged = gap.packet(0, 1, 6, BYTES);
    expect(unread(acknowledged, 0)).toEqual([[1, 6]]);
    expect(unread(acknowledged, 1)).toEqual([]);
  });

  test('from its first packet, where nothing was read before', () => {
    const gap = connected().packet(0, 0, 5, { payloadBytes: 10, seqAhead: 7 });
    expect(unread(gap.packet(0, 1, 6, BYTES), 0)).toEqual([[0, 6]]);
  });

  test('each time by itself; together where nothing was read between', () => {
    const recording = connected().packet(0, 0, 1, BYTES);
    const misses = (at: number): void => recording.at(at).recorder.tcp.gap(0, 0, 100, GAP.lost);
    misses(2);
    misses(3);
    recording.packet(0, 0, 20, BYTES);
    recording.packet(0, 0, 30, BYTES);
    misses(31);
    expect(unread(recording, 0)).toEqual([
      [1, 3],
      [30, 31],
    ]);
  });

  test('of more than sixteen the nearest ones are one, which the trace says', () => {
    const recording = connected().packet(0, 0, 1, BYTES);
    let at = 1;
    for (let nth = 1; nth <= 17; nth++) {
      recording.at(at + 1).recorder.tcp.gap(0, 0, 100, GAP.lost);
      at += nth === 5 ? 4 : 20;
      recording.packet(0, 0, at, BYTES);
    }
    const { connections, limits } = recording.finish();
    const [first] = connections;
    const told = first?.flows[0].unread.map(({ fromNs, toNs }) => [fromNs / 1e9, toNs / 1e9]) ?? [];
    expect(told).toHaveLength(16);
    expect(told.slice(3, 6)).toEqual([
      [61, 62],
      [81, 86],
      [105, 106],
    ]);
    expect(limits).toEqual([{ limit: 'unread-stretches-per-flow', bound: 16, count: 1 }]);
  });

  test('what is acknowledged before it stands in the capture is late; what never comes is missing', () => {
    const early = (): Recording => connected().packet(0, 0, 1, BYTES).packet(0, 1, 2, { ackAhead: 10 });
    expect(unread(early(), 0)).toEqual([[1, 2]]);
    expect(unread(early().packet(0, 0, 2.001, BYTES), 0)).toEqual([]);
  });

  test('until its frames were followed again; to its last packet where they were not', () => {
    const recording = connected().packet(0, 0, 1, BYTES);
    recording.recorder.http.lost(0, 0);
    recording.packet(0, 0, 3, BYTES);
    recording.packet(0, 0, 4, BYTES);
    recording.recorder.http.regained(0, 0);
    recording.packet(0, 0, 9, BYTES);
    expect(unread(recording, 0)).toEqual([[1, 4]]);
    const lost = connected().packet(0, 0, 1, BYTES);
    lost.recorder.http.lost(0, 0);
    expect(unread(lost.packet(0, 0, 9, BYTES), 0)).toEqual([[1, 9]]);
  });

  test('what is missing inside of a frame is data: of HTTP/2 in the clear only what is lost or broken counts', () => {
    const framed = (): Recording => {
      const recording = connected().packet(0, 0, 1, BYTES);
      recording.recorder.http.protocol(0, 'h2');
      return recording;
    };
    const inside = framed();
    inside.recorder.tcp.gap(0, 0, 100, GAP.snaplen);
    expect(unread(inside, 0)).toEqual([]);
    const between = framed();
    between.recorder.tcp.gap(0, 0, 100, GAP.snaplen);
    between.recorder.http.lost(0, 0);
    expect(unread(between.packet(0, 0, 5, BYTES), 0)).toEqual([[1, 5]]);
    const broken = framed();
    broken.recorder.http.broken(0, 0);
    expect(unread(broken, 0)).toEqual([[1, 1]]);
    const decrypted = framed();
    decrypted.recorder.tls.decrypted(0);
    decrypted.recorder.tcp.gap(0, 0, 100, GAP.snaplen);
    expect(unread(decrypted, 0)).toEqual([[1, 1]]);
  });

  test('a clock that stepped back leaves no time of negative length', () => {
    const recording = connected().packet(0, 0, 9, BYTES);
    recording.at(5).recorder.tcp.gap(0, 0, 100, GAP.lost);
    expect(unread(recording, 0)).toEqual([[5, 9]]);
  });
});

describe('what a connection was', () => {
  test('its handshake', () => {
    const { handshake } = connection(connected());
    expect(handshake).toMatchObject({ by: 0, syn: { packet: 1 }, synAck: { packet: 2 } });
  });

  test('refused, though the SYN is not in the capture: a RST of sequence number 0 acknowledges it', () => {
    const lone = (shape: { readonly flags: number; readonly seqAhead?: number }, spoken = false): boolean[] => {
      const recording = new Recording();
      const refused = recording.meet('10.9.2.1:8080', '10.9.0.2:40001');
      if (spoken) recording.packet(refused, 1, 0.5, { ackAhead: 4711 });
      recording.packet(refused, 0, 1, { ackAhead: 4711, ...shape });
      return connection(recording).closes.map(({ answersSyn }) => answersSyn);
    };
    expect(lone({ flags: FLAG.rst | FLAG.ack })).toEqual([true]);
    expect(lone({ flags: FLAG.rst | FLAG.ack, seqAhead: 1 })).toEqual([false]);
    expect(lone({ flags: FLAG.rst })).toEqual([false]);
    expect(lone({ flags: FLAG.rst | FLAG.ack }, true)).toEqual([false]);
  });

  test('opened before the capture: nobody knows by whom', () => {
    const recording = new Recording();
    recording.packet(recording.meet('10.9.1.2:50001', '10.9.0.2:80'), 1, 0, { payloadBytes: 10 });
    expect(connection(recording)).toMatchObject({
      handshake: { by: null, syn: null, synAck: null },
    });
  });

  test('a SYN-ACK alone: its receiver opened', () => {
    const recording = new Recording();
    recording.packet(recording.meet('10.9.1.2:50001', '10.9.0.2:80'), 1, 0, { flags: FLAG.syn | FLAG.ack });
    expect(connection(recording).handshake).toMatchObject({ by: 1, syn: null, synAck: { packet: 1 } });
  });

  test.each([
    ['to us', DIRECTION.toUs, 1],
    ['from us', DIRECTION.fromUs, 0],
    ['between others', DIRECTION.other, null],
    ['nobody says', DIRECTION.unknown, null],
  ] as const)('whose host captured it: %s', (_name, direction, side) => {
    const recording = new Recording();
    recording.connect('10.9.1.2:50001', '10.9.0.2:80', 0, { direction });
    expect(connection(recording).localSide).toBe(side);
  });

  test('both ends may be its own', () => {
    const recording = connected();
    recording.packet(0, 0, 1, { direction: DIRECTION.fromUs }).packet(0, 0, 1.1, { direction: DIRECTION.toUs });
    expect(connection(recording).localSide).toBe('both');
  });

  test('what a router passes on is of none of its own addresses, though all of it comes to it', () => {
    const recording = connected();
    recording.packet(0, 0, 1, { direction: DIRECTION.toUs }).packet(0, 1, 1.1, { direction: DIRECTION.toUs });
    expect(connection(recording).localSide).toBe(null);
  });

  test('a host whose own packets never reach the tap is still the one that gets the others', () => {
    const recording = connected().packet(0, 1, 1, { direction: DIRECTION.toUs });
    expect(connection(recording).localSide).toBe(0);
  });

  test('its closes: each side’s first FIN, every RST', () => {
    const recording = connected()
      .packet(0, 0, 1, { flags: FLAG.fin | FLAG.ack })
      .packet(0, 1, 2, { flags: FLAG.fin | FLAG.ack })
      .packet(0, 1, 3, { flags: FLAG.rst, ttl: 200 });
    expect(connection(recording).closes.map(({ kind, by, ttl }) => [kind, by, ttl])).toEqual([
      ['fin', 0, 64],
      ['fin', 1, 64],
      ['rst', 1, 200],
    ]);
  });

  describe('a RST counts as accepted until something shows that it was not', () => {
    const RST = { flags: FLAG.rst };
    const challenged = { ...RST, seqAhead: 50 };
    /** Whether each RST of side 1 was accepted. */
    const accepted = (recording: Recording): boolean[] =>
      connection(recording).closes.flatMap(({ kind, by, accepted: was }) => (kind === 'rst' && by === 1 ? [was] : []));
    const talking = (): Recording => connected().packet(0, 0, 0.1, { payloadBytes: 10 }).packet(0, 1, 0.2);

    test('the peer’s silence, its own tries and a RST of its own leave it so', () => {
      expect(accepted(talking().packet(0, 1, 1, RST))).toEqual([true]);
      const deaf = talking()
        .packet(0, 1, 1, RST)
        .packet(0, 0, 2, { payloadBytes: 10 })
        .packet(0, 0, 9, { payloadBytes: 10 });
      expect(accepted(deaf)).toEqual([true]);
      expect(accepted(talking().packet(0, 1, 1, RST).packet(0, 1, 4).packet(0, 0, 4.1, RST))).toEqual([true]);
    });

    test('what crossed it on the way leaves it so', () => {
      expect(accepted(talking().packet(0, 1, 1, RST).packet(0, 0, 1.01).packet(0, 1, 1.02).packet(0, 0, 1.03))).toEqual(
        [true],
      );
    });

    test('the peer acknowledges bytes behind it', () => {
      const goesOn = talking().packet(0, 1, 1, RST).packet(0, 1, 1.01, { payloadBytes: 10 });
      expect(accepted(goesOn)).toEqual([true]);
      expect(
        accepted(talking().packet(0, 1, 1, RST).packet(0, 1, 1.01, { payloadBytes: 10 }).packet(0, 0, 1.02)),
      ).toEqual([false]);
    });

    test('both sides speak a second later, though nothing new is sent', () => {
      expect(accepted(talking().packet(0, 1, 1, RST).packet(0, 1, 2.1).packet(0, 0, 2.2))).toEqual([false]);
      expect(accepted(talking().packet(0, 1, 1, RST).packet(0, 1, 1.9).packet(0, 0, 2.2))).toEqual([true]);
    });

    test('RFC 5961 §3.2: a challenge ACK, and the side goes on', () => {
      expect(accepted(talking().packet(0, 1, 1, challenged).packet(0, 0, 1.01))).toEqual([true]);
      expect(accepted(talking().packet(0, 1, 1, challenged).packet(0, 0, 1.01).packet(0, 1, 1.02))).toEqual([false]);
    });

    test('RFC 5961 §3.2: a challenge ACK answered by a RST at the number that it asks for: that one is accepted', () => {
      const answered = talking().packet(0, 1, 1, challenged).packet(0, 0, 1.01).packet(0, 1, 1.02, RST);
      expect(accepted(answered)).toEqual([false, true]);
    });

    test('one that stands where the peer expects it is challenged by nobody', () => {
      expect(accepted(talking().packet(0, 1, 1, RST).packet(0, 0, 1.01).packet(0, 1, 1.02))).toEqual([true]);
    });

    test('one that answers a SYN is judged by its acknowledgement alone', () => {
      const recording = new Recording();
      const attempt = recording.meet('10.9.1.2:50001', '10.9.0.2:80');
      recording.packet(attempt, 0, 0, { flags: FLAG.syn }).packet(attempt, 1, 0.1, { flags: FLAG.rst | FLAG.ack });
      recording.packet(attempt, 0, 0.2, { payloadBytes: 9 }).packet(attempt, 1, 3).packet(attempt, 0, 4);
      expect(accepted(recording)).toEqual([true]);
    });
  });

  test('of a RST what may tell who made it, beside what its side bore before', () => {
    const recording = connected()
      .packet(0, 1, 1, { ipId: 1022, hasTimestamps: 1 })
      .packet(0, 1, 2, { flags: FLAG.rst, ipId: 54_321, window: 0 })
      .packet(0, 0, 3, { flags: FLAG.rst, ipId: -1, window: 7, hasTimestamps: 1 });
    expect(connection(recording).closes.map(({ marks }) => marks)).toEqual([
      { ipId: 54_321, lastIpId: 1022, window: 0, timestamps: false, usualTimestamps: true },
      { ipId: null, lastIpId: 0, window: 7, timestamps: true, usualTimestamps: false },
    ]);
  });

  test('of a RST that its own side sends on behind it, more than a second later: what was not under way yet', () => {
    const spokeOn = (at: number, shape = {}): (number | undefined)[] => {
      const recording = connected()
        .packet(0, 1, 1, { flags: FLAG.rst })
        .packet(0, 1, at, shape)
        .packet(0, 1, at + 1);
      return connection(recording).closes.map((close) => close.spokeOn?.timeNs);
    };
    expect(spokeOn(2.001)).toEqual([2.001e9]);
    expect(spokeOn(1.5)).toEqual([2.5e9]);
    expect(spokeOn(2.001, { flags: FLAG.rst })[0]).toBe(3.001e9);
    const peer = connected().packet(0, 1, 1, { flags: FLAG.rst }).packet(0, 0, 3);
    expect(connection(peer).closes[0]?.spokeOn).toBeUndefined();
  });

  test('TTLs by side, resets left out since a middlebox may have made them', () => {
    const recording = connected().packet(0, 1, 1, { ttl: 60 }).packet(0, 1, 2, { flags: FLAG.rst, ttl: 200 });
    expect(connection(recording).flows[1].ttl).toEqual({ min: 60, max: 64 });
  });

  test('a refusal is a RST that answers a SYN', () => {
    const recording = new Recording();
    const attempt = recording.meet('10.9.1.2:50001', '10.9.0.2:80');
    recording.packet(attempt, 0, 0, { flags: FLAG.syn }).packet(attempt, 1, 0.001, { flags: FLAG.rst | FLAG.ack });
    expect(connection(recording).closes).toMatchObject([{ kind: 'rst', by: 1, answersSyn: true, accepted: true }]);
    const later = connected().packet(0, 1, 1, { flags: FLAG.rst | FLAG.ack });
    expect(connection(later).closes).toMatchObject([{ kind: 'rst', by: 1, answersSyn: false }]);
  });

  test('a window that is shut, until it opens', () => {
    expect(connection(connected().packet(0, 0, 1, { window: 0 })).flows[0].zeroWindowSince?.timeNs).toBe(1e9);
    const reopened = connected().packet(0, 0, 1, { window: 0 }).packet(0, 0, 2, { window: 501 });
    expect(connection(reopened).flows[0].zeroWindowSince).toBeNull();
  });

  test('first and last packet of the capture, by time and not by order', () => {
    const { first, last } = connected().packet(0, 0, 5).packet(0, 1, -1).finish();
    expect([first?.timeNs, last?.timeNs]).toEqual([-1e9, 5e9]);
    expect(new Recording().finish()).toMatchObject({ first: null, last: null, connections: [], streams: [] });
  });
});

describe('what a stream was', () => {
  test('request, response, data and end, each at its packet', () => {
    const recording = connected().asks(0, 7, 1, { path: '/a' }).answers(0, 7, 2).data(0, 1, 7, 3).ends(0, 7, 4);
    const found = stream(recording);
    expect(found).toMatchObject({
      id: 7,
      connection: 0,
      askedBy: 0,
      sawRequest: true,
      status: 200,
      request: { path: '/a' },
    });
    expect(
      [found.opened, found.statusAt, found.lastData[1], found.ended[0], found.ended[1]].map((at) => at?.timeNs),
    ).toEqual([1e9, 2e9, 3e9, 4e9, 4e9]);
    expect(found.dataBytes).toEqual([0, 100]);
  });

  test('interim responses are none (RFC 9110 §15.2)', () => {
    expect(stream(connected().asks(0, 7, 1).answers(0, 7, 2, 103)).status).toBeUndefined();
    expect(stream(connected().asks(0, 7, 1).answers(0, 7, 2, 103).answers(0, 7, 3, 204)).status).toBe(204);
  });

  test('a status that cannot be known is null, not absent', () => {
    expect(stream(connected().asks(0, 7, 1).answers(0, 7, 2, null)).status).toBeNull();
  });

  test('trailers bring the gRPC status', () => {
    const recording = connected().asks(0, 7, 1).answers(0, 7, 2);
    recording.at(3).recorder.http.headers(0, 1, 7, fields({ grpcStatus: '14' }), true);
    expect(stream(recording)).toMatchObject({ grpcStatus: '14', ended: [null, { timeNs: 3e9 }] });
  });

  test('one that was open before has no request; whoever was answered asked', () => {
    expect(stream(connected().answers(0, 7, 2))).toMatchObject({ sawRequest: false, request: null, askedBy: 0 });
    expect(stream(connected().data(0, 1, 7, 2))).toMatchObject({ sawRequest: false, askedBy: null });
  });

  test('a reset closes it, with its code', () => {
    const recording = connected().asks(0, 7, 1);
    recording.at(2).recorder.http.rstStream(0, 1, 7, 7);
    recording.at(3).recorder.http.rstStream(0, 1, 99, 7);
    expect(stream(recording).reset).toEqual({ by: 1, at: { file: 0, packet: 4, timeNs: 2e9 }, errorCode: 7 });
  });

  test('streams are told in the order in which they opened', () => {
    const recording = connected().asks(0, 7, 1).asks(0, 9, 2).asks(0, 11, 3).ends(0, 9, 4);
    expect(recording.finish().streams.map(({ id, index }) => [id, index])).toEqual([
      [7, 0],
      [9, 1],
      [11, 2],
    ]);
  });
});

describe('PINGs and GOAWAYs', () => {
  test('an answer within a second is a number, a later one a finding’s evidence', () => {
    const recording = connected();
    recording.at(1).recorder.http.ping(0, 0, false, 1, 1);
    recording.at(1.5).recorder.http.ping(0, 1, true, 1, 1);
    recording.at(2).recorder.http.ping(0, 0, false, 2, 2);
    recording.at(4).recorder.http.ping(0, 1, true, 2, 2);
    recording.at(5).recorder.http.ping(0, 0, false, 3, 3);
    const { slowPings, flows } = connection(recording);
    expect(slowPings.map(({ by, sent, answered }) => [by, sent.timeNs, answered?.timeNs ?? null])).toEqual([
      [0, 2e9, 4e9],
      [0, 5e9, null],
    ]);
    expect([flows[0].pings, flows[0].pingsAnswered]).toEqual([3, 2]);
  });

  test('alerts of TLS are kept, eight of them, the rest counted', () => {
    const recording = connected();
    for (let i = 0; i < 9; i++) recording.at(i + 1).recorder.tls.alert(0, 1, { level: 1, description: i });
    const trace = recording.finish();
    expect(trace.connections[0]?.tlsAlerts).toHaveLength(8);
    expect(trace.connections[0]?.tlsAlerts[7]).toMatchObject({ by: 1, said: { level: 1, description: 7 } });
    expect(trace.limits).toMatchObject([{ limit: 'tls-alerts-per-connection', count: 1 }]);
  });

  test('a GOAWAY is kept whole, sixteen of them, the rest counted', () => {
    const recording = connected();
    for (let i = 0; i < 20; i++) recording.at(i + 1).recorder.http.goaway(0, 1, 7, 0, 'drain');
    const trace = recording.finish();
    expect(trace.connections[0]?.goaways).toHaveLength(16);
    expect(trace.connections[0]?.goaways[0]).toMatchObject({ by: 1, lastStreamId: 7, errorCode: 0, debug: 'drain' });
    expect(trace.limits).toMatchObject([{ limit: 'goaways-per-connection', count: 4 }]);
  });
});

test('whether any segment has neither payload nor SYN, FIN or RST: not in what a filter for payload lets through', () => {
  const recorded = (shape: SegmentShape): boolean => {
    const recording = new Recording();
    const connection = recording.connect('10.9.1.2:50001', '10.9.0.2:80', 0);
    recording.packet(connection, 0, 1, { payloadBytes: 10 }).packet(connection, 1, 2, shape);
    return recording.finish().hasBareAcks;
  };
  expect(recorded({})).toBe(true);
  expect(recorded({ payloadBytes: 10 })).toBe(false);
  expect(recorded({ flags: FLAG.fin | FLAG.ack })).toBe(false);
  expect(recorded({ flags: FLAG.rst })).toBe(false);
});

test('a segment without payload that slipped through such a filter, one beside more than 64 with, changes nothing', () => {
  const recorded = (withPayload: number): boolean => {
    const recording = new Recording();
    const connection = recording.connect('10.9.1.2:50001', '10.9.0.2:80', 0);
    recording.packet(connection, 1, 1);
    for (let i = 0; i < withPayload; i++) recording.packet(connection, 0, 2 + i, { payloadBytes: 10 });
    return recording.finish().hasBareAcks;
  };
  expect(recorded(64)).toBe(true);
  expect(recorded(65)).toBe(false);
});

test('a connection that stutters for ever fills its rooms; what is beyond is counted', () => {
  const recording = connected();
  for (let i = 1; i <= 1030; i++) recording.packet(0, 0, 11 * i);
  for (let i = 1; i <= 20; i++) recording.packet(0, 1, 12_000 + i, { flags: FLAG.rst });
  for (let i = 1; i <= 70; i++) {
    recording.at(12_100 + 3 * i).recorder.http.ping(0, 0, false, i, 0);
    recording.at(12_102 + 3 * i).recorder.http.ping(0, 1, true, i, 0);
  }
  const { limits, connections } = recording.finish();
  expect(limits.map(({ limit, count }) => `${limit} ${count}`)).toEqual([
    'silences-per-connection 776',
    'closes-per-connection 3',
    'slow-pings-per-connection 6',
  ]);
  expect(connections[0]).toMatchObject({
    silences: { length: 256 },
    closes: { length: 17, 0: { accepted: true } },
    slowPings: { length: 64 },
  });
});

test('what is not known of is no reason to fail', () => {
  const { recorder } = new Recording();
  recorder.http.ping(9, 0, false, 1, 1);
  recorder.http.goaway(9, 0, 1, 0, '');
  recorder.tcp.gap(9, 0, 10, 0);
  recorder.http.protocol(9, 'h2');
  recorder.http.rstStream(9, 0, 1, 0);
  recorder.undecoded('arp', 3);
  recorder.duplicates(4);
  expect(recorder.finish([{ limit: 'x', bound: 1, count: 2 }])).toMatchObject({
    undecoded: new Map([['arp', 3]]),
    duplicates: 4,
    limits: [{ limit: 'x', bound: 1, count: 2 }],
  });
});
