import { describe, expect, test } from 'vitest';
import { buildIncident, type Incident } from '../../src/incident/index.ts';
import { ASK_HOPS_NS, type Asks, type BurstJoin, type OpenedFor, type Ref, type Trace } from '../../src/trace/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';

const NS = 1e9;
const at = (seconds: number): Ref => ({ file: 0, packet: 1, timeNs: seconds * NS });
const TLS = { protocol: 'tls' } as const;
const END = 100;

/** What the reader told of requests, in connections of the trace by their names' order of first packets. */
interface Told {
  readonly asks?: Readonly<Record<number, Partial<Asks>>>;
  readonly opened?: Readonly<Record<number, Partial<OpenedFor> & Pick<OpenedFor, 'connection' | 'asked'>>>;
  /** near, far, matched, seconds of the last. */
  readonly joins?: readonly (readonly [number, number, number, number])[];
  /** far connection and its stream, near connection. */
  readonly timed?: readonly (readonly [number, number, number])[];
  /** The same of streams of the client, where the upstream cannot be read. */
  readonly sent?: readonly (readonly [number, number, number])[];
  /** Within which hop the joins, and the streams, were told: of each the shortest where absent. */
  readonly joinHop?: number;
  readonly timedHop?: number;
  /** Events of 2 that connection 0 got: how many, seconds of the first and the last. */
  readonly events?: readonly [number, number, number];
}

function incidentOf(
  built: TraceBuilder,
  { asks = {}, opened = {}, joins = [], timed = [], sent = [], joinHop = 0, timedHop = 0, events }: Told,
): Incident {
  const plain = built.end(END);
  const told: Trace = {
    ...plain,
    connections: plain.connections.map((connection, id) => {
      const opener = opened[id];
      const openedFor = opener === undefined ? null : { passedOn: null, elsewhere: null, ...opener };
      const own = { asked: 10, acts: 10, unexplained: 0, openedFor, ...asks[id] };
      return { ...connection, asks: ASK_HOPS_NS.map(() => own) };
    }),
    streams: plain.streams.map((stream) => {
      const isOf = ([connection, id]: readonly [number, number, number]): boolean =>
        connection === stream.connection && id === stream.id;
      const partner = timed.find(isOf) ?? sent.find(isOf);
      if (partner === undefined) return stream;
      return {
        ...stream,
        timed: [{ hop: timedHop, connection: partner[2], nearerClient: sent.some(isOf), at: stream.opened }],
      };
    }),
    burstJoins: events === undefined ? [] : [burstsWith(events)],
    askJoins: joins.map(([near, far, matched, last]) => ({
      hop: joinHop,
      near,
      far,
      matched,
      anew: matched,
      first: at(1),
      last: at(last),
    })),
  };
  return buildIncident(told);
}

function burstsWith([count, first, last]: readonly [number, number, number]): BurstJoin {
  const ends = { from: 2, to: 0, receiver: 0, sender: 1, first: at(first), last: at(last) } as const;
  return {
    ...ends,
    matched: 12,
    anew: 12,
    control: 0,
    bursts: 12,
    received: 12,
    events: { count, firstNs: first * NS, last: at(last) },
  };
}

const told = ({ verdict, windows }: Incident): unknown => [
  verdict.state,
  windows.map(({ client, upstream, cause, confidence, isInferred }) => [
    client,
    upstream,
    cause,
    confidence,
    isInferred,
  ]),
];

/** Two clients in TLS, and a gateway that shares one upstream connection among them, in the clear: 0, 1 and 2. */
function shared(upstream: (built: TraceBuilder) => TraceBuilder = (built) => built): TraceBuilder {
  return upstream(twoClients().upstream('u1', { at: 0.2 }).request(1, { at: 1 }).answers(1, 200, 1.1));
}

function twoClients(): TraceBuilder {
  return trace()
    .client('c1', { from: '10.9.1.2:1001', at: 0 })
    .speaks('client', 1, 90)
    .with(TLS)
    .client('c2', { from: '10.9.1.3:1002', at: 0.1 })
    .speaks('client', 1.5, 91)
    .with(TLS);
}

/** The same, and nothing is known of what is on the upstream connection. */
function closed(): TraceBuilder {
  return dead(twoClients().upstream('u1', { at: 0.2 }).speaks('upstream', 1, 9)).with(TLS);
}

const dead = (built: TraceBuilder): TraceBuilder => built.retransmits(10, 10.2, 10.6, 11.4, 13, 20, 30);
const BOTH_ASK = [
  [0, 2, 6, 9],
  [1, 2, 4, 9],
] as const;

describe('who waited for an upstream connection that died, where the clients cannot be read', () => {
  test('is whose request came in the moment before its stream was opened, and not who shares the connection', () => {
    const incident = incidentOf(shared(dead), { joins: BOTH_ASK, timed: [[2, 1, 0]] });
    expect(told(incident)).toEqual(['half-dead', [['c1', 'u1', 'peer-silent', 'probable', true]]]);
    const other = incidentOf(shared(dead), { joins: BOTH_ASK, timed: [[2, 1, 1]] });
    expect(told(other)).toEqual(['half-dead', [['c2', 'u1', 'peer-silent', 'probable', true]]]);
  });

  test.each([
    [1, 1],
    [2, 2],
    [0, 2],
  ])('is told of a gateway that takes longer, or took longer for that request: hops %d and %d', (joinHop, timedHop) => {
    const slow = { joins: BOTH_ASK, timed: [[2, 1, 0]], asks: { 2: { acts: 30 } }, joinHop, timedHop } as const;
    expect(told(incidentOf(shared(dead), slow))).toEqual([
      'half-dead',
      [['c1', 'u1', 'peer-silent', 'probable', true]],
    ]);
  });

  test('is not told by a longer time what a shorter one tells by as many requests: chance has more of it', () => {
    const joins = [[0, 2, 2, 9]] as const;
    const asks = { 2: { unexplained: 5 } };
    const at10 = incidentOf(shared(dead), { joins, timed: [[2, 1, 0]], asks });
    expect(told(at10)).toEqual(['half-dead', [['c1', 'u1', 'peer-silent', 'probable', true]]]);
    const at100 = incidentOf(shared(dead), { joins, timed: [[2, 1, 0]], asks, joinHop: 2 });
    expect(told(at100)).toEqual(['suspect', []]);
    const waiting = incidentOf(shared(dead), { joins, timed: [[2, 1, 0]], asks, timedHop: 2 });
    expect(told(waiting)).toEqual(['suspect', []]);
  });

  test('is not known where no stream tells', () => {
    expect(told(incidentOf(shared(dead), { joins: BOTH_ASK }))).toEqual(['suspect', []]);
  });

  test('is nobody where the stream was over before', () => {
    const over = shared((built) => dead(built.ends(1, 5)));
    expect(told(incidentOf(over, { joins: BOTH_ASK, timed: [[2, 1, 0]] }))).toEqual(['suspect', []]);
  });

  test('is not told by a pair that fits by chance: too few requests, or too many that nobody is known to have asked', () => {
    const timed = [[2, 1, 0]] as const;
    expect(told(incidentOf(shared(dead), { joins: [[0, 2, 1, 1]], timed }))).toEqual(['suspect', []]);
    const unexplained = { 2: { acts: 4000, unexplained: 3990 } };
    expect(told(incidentOf(shared(dead), { joins: [[0, 2, 6, 9]], timed, asks: unexplained }))).toEqual([
      'suspect',
      [],
    ]);
  });

  test('waited through an outage that healed, if it took half a minute', () => {
    const healed = (seconds: number): TraceBuilder => shared((built) => dead(built).answered(seconds));
    expect(told(incidentOf(healed(41), { joins: BOTH_ASK, timed: [[2, 1, 0]] }))).toMatchObject(['half-dead', [{}]]);
    expect(told(incidentOf(healed(35), { joins: BOTH_ASK, timed: [[2, 1, 0]] }))).toMatchObject([
      expect.anything(),
      [],
    ]);
  });

  test('asked above the last stream of a GOAWAY that was not heeded', () => {
    const ignored = (lastStream: number): TraceBuilder =>
      shared((built) => built.goaway('upstream', 5, lastStream).request(3, { at: 8 }));
    const timed = [[2, 3, 0]] as const;
    expect(told(incidentOf(ignored(1), { joins: BOTH_ASK, timed }))).toEqual([
      'half-dead',
      [['c1', 'u1', 'goaway-ignored', 'probable', true]],
    ]);
    expect(told(incidentOf(ignored(3), { joins: BOTH_ASK, timed }))).toMatchObject([expect.anything(), []]);
  });

  test('asked in a tunnel, which a GOAWAY counts by the stream that carries it', () => {
    const inTunnel = (inner: number, carrier: number): unknown =>
      told(
        incidentOf(
          shared((built) => built.goaway('upstream', 5, 5).request(inner, { at: 8 }).connects(carrier, 7, inner)),
          { joins: BOTH_ASK, timed: [[2, inner, 0]] },
        ),
      );
    expect(inTunnel(3, 7)).toEqual(['half-dead', [['c1', 'u1', 'goaway-ignored', 'probable', true]]]);
    expect(inTunnel(9, 5)).toMatchObject([expect.anything(), []]);
  });

  test('was on an upstream connection that was reset', () => {
    const reset = shared((built) => built.closes('rst', 'upstream', 10));
    expect(told(incidentOf(reset, { joins: BOTH_ASK, timed: [[2, 1, 0]] }))).toEqual([
      'half-dead',
      [['c1', 'u1', 'reset', 'probable', true]],
    ]);
    const unanswered = shared((built) => built.request(3, { at: 9 }).ends(1, 9).closes('rst', 'upstream', 10));
    expect(told(incidentOf(unanswered, { joins: BOTH_ASK, timed: [[2, 3, 0]] }))).toEqual(['suspect', []]);
    const over = shared((built) => built.ends(1, 9).closes('rst', 'upstream', 10));
    expect(told(incidentOf(over, { joins: BOTH_ASK, timed: [[2, 1, 0]] }))).toEqual(['healthy', []]);
  });

  test('is told by events that came until shortly before, if requests say so, too', () => {
    const opaque = closed();
    const until = (last: number, joins: Told['joins'] = BOTH_ASK): unknown =>
      told(incidentOf(opaque, { joins, events: [4, 1, last] }));
    expect(until(9)).toEqual(['half-dead', [['c1', 'u1', 'peer-silent', 'probable', true]]]);
    expect(until(3)).toEqual(['suspect', []]);
    expect(until(9, [[1, 2, 4, 9]])).toEqual(['suspect', []]);
    expect(told(incidentOf(opaque, { joins: BOTH_ASK, events: [2, 1, 9] }))).toEqual(['suspect', []]);
  });

  test('is told by events only where some stream is not known to be another’s', () => {
    const events = [4, 1, 9] as const;
    const known = incidentOf(shared(dead), { joins: BOTH_ASK, events, timed: [[2, 1, 1]] });
    expect(told(known)).toEqual(['half-dead', [['c2', 'u1', 'peer-silent', 'probable', true]]]);
    expect(told(incidentOf(shared(dead), { joins: BOTH_ASK, events }))).toMatchObject(['half-dead', [{ 0: 'c1' }]]);
  });

  test('is told by streams of the client, where only the upstream cannot be read', () => {
    const built = (): TraceBuilder =>
      dead(
        trace()
          .client('c1', { at: 0 })
          .watch(7, { at: 1 })
          .speaks('client', 90)
          .upstream('u1', { at: 0.2 })
          .speaks('gateway', 1.1),
      )
        .on('u1')
        .with(TLS);
    const joins = [[0, 1, 6, 9]] as const;
    const incident = incidentOf(built(), { joins, sent: [[0, 7, 1]] });
    expect(told(incident)).toEqual(['half-dead', [['c1', 'u1', 'peer-silent', 'probable', true]]]);
    expect(incident.windows[0]?.streams).toMatchObject([{ id: 7, outcome: 'hung' }]);
    expect(told(incidentOf(built(), { joins }))).toEqual(['suspect', []]);
  });

  test('is told by a request sent in vain, where the upstream cannot be read either', () => {
    const opaque = (built: TraceBuilder): TraceBuilder => dead(built).with(TLS);
    const joins = (last: number): NonNullable<Told['joins']> => [
      [0, 2, 6, last],
      [1, 2, 4, 9],
    ];
    expect(told(incidentOf(shared(opaque), { joins: joins(10) }))).toMatchObject(['half-dead', [{ 0: 'c1', 1: 'u1' }]]);
    expect(told(incidentOf(shared(opaque), { joins: joins(9.7) }))).toEqual(['suspect', []]);
  });
});

/** A client in TLS, an upstream that lives, and attempts to reach another server that it refuses: 0, 1, 2 and 3. */
function refusing(): TraceBuilder {
  return trace()
    .client('c1', { from: '10.9.1.2:1001', at: 0 })
    .speaks('client', 1, 90)
    .with(TLS)
    .upstream('u1', { at: 0.1 })
    .request(1, { at: 1 })
    .answers(1, 200, 1.1)
    .attempt('u2', { to: '10.9.2.9:8080', from: '10.9.0.2:2002', at: 20 })
    .refused(20.001)
    .attempt('u3', { to: '10.9.2.9:8080', from: '10.9.0.2:2003', at: 30 })
    .refused(30.001);
}

describe('an attempt in vain, made for a client that cannot be read', () => {
  const opened = { 2: { connection: 0, asked: at(19.999) }, 3: { connection: 0, asked: at(29.999) } };

  test('hurt that client where its request went nowhere else', () => {
    expect(told(incidentOf(refusing(), { opened }))).toEqual([
      'half-dead',
      [
        ['c1', 'u2', 'refused', 'probable', true],
        ['c1', 'u3', 'refused', 'probable', true],
      ],
    ]);
  });

  test('not where the capture lacks some of what the gateway passed on since: that may have been it', () => {
    const unread = refusing().on('u1').unread('gateway', 0, 25);
    expect(told(incidentOf(unread, { opened }))).toEqual(['half-dead', [['c1', 'u3', 'refused', 'probable', true]]]);
    const later = refusing().on('u1').unread('gateway', 25, 60);
    expect(told(incidentOf(later, { opened }))).toEqual(['half-dead', [['c1', 'u2', 'refused', 'probable', true]]]);
  });

  test('hurt nobody where it went elsewhere at once', () => {
    const moved = {
      2: { ...opened[2], passedOn: at(20.002) },
      3: { ...opened[3], passedOn: at(30.002) },
    };
    expect(told(incidentOf(refusing(), { opened: moved }))).toEqual(['healthy', []]);
  });

  test('hurt nobody of whom it is not known, where all that are went elsewhere at once, and more than one did', () => {
    const again = refusing().attempt('u4', { to: '10.9.2.9:8080', from: '10.9.0.2:2004', at: 40 }).refused(40.001);
    const moved = { 2: { ...opened[2], passedOn: at(20.002) }, 3: { ...opened[3], passedOn: at(30.002) } };
    expect(told(incidentOf(again, { opened: moved }))).toEqual(['healthy', []]);
    expect(told(incidentOf(again, { opened: { 2: moved[2] } }))).toEqual(['suspect', []]);
    expect(told(incidentOf(again, { opened: { ...moved, 3: opened[3] } }))).toMatchObject([expect.anything(), [{}]]);
  });

  test('accuses nobody where it may have gone elsewhere soon, nor where one attempt alone may be chance', () => {
    const maybe = {
      2: { ...opened[2], elsewhere: at(21) },
      3: { ...opened[3], elsewhere: at(31) },
    };
    expect(told(incidentOf(refusing(), { opened: maybe }))).toEqual(['suspect', []]);
    expect(told(incidentOf(refusing(), { opened: { 2: opened[2] }, asks: { 0: { asked: 500 } } }))).toEqual([
      'suspect',
      [],
    ]);
  });

  test('went elsewhere in time if it did before the attempt could be called dead, as the record has it', () => {
    const moved = (after: number): unknown =>
      told(
        incidentOf(refusing(), {
          opened: {
            2: { ...opened[2], passedOn: at(20 + after) },
            3: { ...opened[3], passedOn: at(30 + after) },
          },
        }),
      );
    expect(moved(2.9)).toEqual(['healthy', []]);
    expect(moved(3.1)).toMatchObject(['half-dead', [{}, {}]]);
  });

  test('is excused by what the gateway does with the same server, not with another on that host', () => {
    const again = refusing().attempt('u4', { to: '10.9.2.9:9090', from: '10.9.0.2:2004', at: 40 }).refused(40.001);
    const moved = { 2: { ...opened[2], passedOn: at(20.002) }, 3: { ...opened[3], passedOn: at(30.002) } };
    expect(told(incidentOf(again, { opened: moved }))).toEqual(['suspect', []]);
  });

  test('accuses no client of another gateway', () => {
    const elsewhere = trace()
      .client('c1', { from: '10.9.1.2:1001', to: '10.9.8.8:443', at: 0 })
      .speaks('client', 1, 90)
      .with(TLS)
      .upstream('u0', { from: '10.9.8.8:3000', at: 0.1 })
      .upstream('u1', { at: 0.2 })
      .client('c2', { at: 0.3 })
      .attempt('u2', { to: '10.9.2.9:8080', from: '10.9.0.2:2002', at: 20 })
      .refused(20.001)
      .attempt('u3', { to: '10.9.2.9:8080', from: '10.9.0.2:2003', at: 30 })
      .refused(30.001);
    const made = { 4: opened[2], 5: opened[3] };
    expect(told(incidentOf(elsewhere, { opened: made }))).toMatchObject([expect.anything(), []]);
  });

  test('is no surer for being tried three times at once', () => {
    const thrice = refusing().attempt('u4', { to: '10.9.2.9:8080', from: '10.9.0.2:2004', at: 20.002 }).refused(20.003);
    const asked = { asked: 120, acts: 100, unexplained: 0 };
    const { links } = incidentOf(thrice, { opened: { ...opened, 4: opened[2] }, asks: { 0: { asked: 20 }, 1: asked } });
    expect(links.find(({ upstream }) => upstream === 'u2')?.bursts).toMatchObject({ matched: 2 });
  });

  test('has a link that says how many were made for that client, how many would be by chance, and what is not known of bursts', () => {
    const [link] = incidentOf(refusing(), { opened }).links.filter(({ upstream }) => upstream === 'u2');
    expect(link?.bursts).toEqual({
      matched: 2,
      byChance: 0.0012,
      odds: 6,
      shareOfClient: null,
      shareOfUpstream: null,
      events: null,
    });
  });

  test('is told for as long as the gateway tried, or until the request may have gone elsewhere', () => {
    const tried = incidentOf(refusing(), { opened });
    expect(tried.windows[0]?.end).toMatchObject({ how: 'gateway-closed' });
    expect(tried.windows[0]?.durationNs).toBeLessThan(NS);
  });
});
