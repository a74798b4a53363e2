import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import type { HttpSink } from '../../src/http/index.ts';
import { NONE_TO_SPARE, type Side, TcpPass } from '../../src/tcp/index.ts';
import { Recorder, type Trace } from '../../src/trace/index.ts';
import { fields } from './recording.ts';

const CONTROL: Readonly<Record<string, number>> = {
  ack: FLAG.ack,
  syn: FLAG.syn,
  synAck: FLAG.syn | FLAG.ack,
  fin: FLAG.fin | FLAG.ack,
};

/** A recorder over a tcp stage that has room for a few connections only. Clients are told by their port, the server is one. */
class Crowded {
  readonly moment: Moment = new Moment();
  readonly recorder: Recorder;
  /** Connection numbers by client port. */
  readonly numbers = new Map<number, number>();
  readonly givenUp: number[] = [];
  readonly #tcp: TcpPass;
  readonly #next = new Map<string, number>();
  readonly #view = new DataView(new ArrayBuffer(2000));

  constructor(connectionsMax: number) {
    this.#tcp = new TcpPass(
      this.moment,
      {
        opened: (connection, segment) => {
          this.numbers.set(segment.srcPort, connection);
          this.recorder.opened(connection, (segment.flags & FLAG.syn) !== 0);
        },
        segment: (...told) => this.recorder.tcp.segment(...told),
        bytes: (connection, side) => this.recorder.tcp.bytes(connection, side),
        gap: (...told) => this.recorder.tcp.gap(...told),
      },
      {
        connectionsMax,
        keeper: {
          spare: () => this.recorder.spare(),
          released: (connection) => {
            this.givenUp.push(connection);
            this.recorder.released(connection);
          },
        },
      },
    );
    this.recorder = new Recorder(this.moment, this.#tcp.connections);
  }

  packet(seconds: number, port: number, side: Side, flags: keyof typeof CONTROL, payloadBytes = 0, server = 80): this {
    this.moment.packet++;
    this.moment.ns[0] = seconds * 1e9;
    this.recorder.packet();
    const bits = CONTROL[flags] ?? 0;
    const [from, to] = side === 0 ? [port, server] : [server, port];
    const key = `${port} ${server}`;
    const seq = this.#next.get(`${key} ${side}`) ?? 1000;
    const ack = this.#next.get(`${key} ${1 - side}`) ?? 1000;
    const segment = Object.assign(new Segment(), {
      ipVersion: 4,
      src2: 0xffff,
      dst2: 0xffff,
      src3: side === 0 ? 1 : 2,
      dst3: side === 0 ? 2 : 1,
      srcPort: from,
      dstPort: to,
      seq,
      ack: flags === 'syn' ? 0 : ack,
      flags: bits,
      window: 501,
      ttl: 64,
      payloadAt: 0,
      payloadEnd: payloadBytes,
      payloadBytes,
    });
    const space = payloadBytes + ((bits & (FLAG.syn | FLAG.fin)) !== 0 ? 1 : 0);
    this.#next.set(`${key} ${side}`, seq + space);
    this.#tcp.segment(segment, this.#view);
    return this;
  }

  opens(seconds: number, port: number): this {
    return this.packet(seconds, port, 0, 'syn').packet(seconds, port, 1, 'synAck').packet(seconds, port, 0, 'ack');
  }

  closes(seconds: number, port: number): this {
    return this.packet(seconds, port, 0, 'fin').packet(seconds, port, 1, 'fin').packet(seconds, port, 0, 'ack');
  }

  /** A request and its response with that status, at once. */
  exchanges(port: number, stream: number, status: number, path = '/a'): this {
    const number = this.numbers.get(port) ?? 0;
    const sink: HttpSink = this.recorder.http;
    sink.protocol(number, 'h2');
    sink.headers(number, 0, stream, fields({ method: 'GET', path, userAgent: 'x' }), true);
    sink.headers(number, 1, stream, fields({ status }), true);
    return this;
  }

  /** A request without a response. */
  asks(port: number, stream: number, path: string): this {
    const number = this.numbers.get(port) ?? 0;
    const sink: HttpSink = this.recorder.http;
    sink.protocol(number, 'h2');
    sink.headers(number, 0, stream, fields({ method: 'GET', path, userAgent: 'x' }), true);
    return this;
  }

  finish(): Trace {
    this.#tcp.finish();
    return this.recorder.finish([]);
  }

  /** Client ports of the connections in the trace. */
  get kept(): number[] {
    return this.finish().connections.map(({ endpoints }) => endpoints[0].port);
  }
}

describe('which connection is given up', () => {
  test('the oldest that closed with nothing to tell, before any that is open', () => {
    const crowded = new Crowded(3).opens(1, 1).opens(2, 2).opens(3, 3).closes(4, 3).closes(5, 2).opens(6, 4);
    expect(crowded.kept).toEqual([1, 2, 4]);
  });

  test('one whose request failed stays longer than one whose requests went well', () => {
    const crowded = new Crowded(2).opens(1, 1).opens(2, 2);
    crowded.exchanges(1, 1, 503).exchanges(2, 1, 200).closes(3, 1).closes(4, 2).opens(5, 3);
    expect(crowded.kept).toEqual([1, 3]);
  });

  test('SYNs that nobody answered go before a closed one that has something to tell, and are counted by destination', () => {
    const crowded = new Crowded(3).opens(1, 1).exchanges(1, 1, 503).closes(2, 1);
    for (let port = 10; port < 20; port++) crowded.packet(port, port, 0, 'syn');
    const trace = crowded.finish();
    expect(trace.connections.map(({ endpoints }) => endpoints[0].port)).toEqual([1, 18, 19]);
    expect(trace.givenUp).toMatchObject({
      connections: 8,
      packets: 8,
      floods: [{ to: { ip: '0.0.0.2', port: 80 }, connections: 8, syns: 8 }],
    });
  });

  test('a flood pushes out itself, and not the few attempts at another server', () => {
    const crowded = new Crowded(6).packet(1, 5, 0, 'syn', 0, 8080).packet(2, 6, 0, 'syn', 0, 8080);
    for (let port = 10; port < 60; port++) crowded.packet(port, port, 0, 'syn');
    const servers = crowded.finish().connections.map(({ endpoints }) => endpoints[1].port);
    expect(servers).toEqual([8080, 8080, 80, 80, 80, 80]);
  });

  test('where all are open and speak, packets of new ones are counted and not followed', () => {
    const crowded = new Crowded(2).opens(1, 1).opens(2, 2).opens(3, 3);
    expect(crowded.recorder.spare()).toBe(NONE_TO_SPARE);
    expect(crowded.kept).toEqual([1, 2]);
  });

  test('one that is open, and was silent for ten minutes with nothing owed, makes room', () => {
    const crowded = new Crowded(2).opens(1, 1).opens(700, 2).opens(701, 3);
    expect(crowded.kept).toEqual([2, 3]);
  });
});

describe('a number that is used again', () => {
  /** Port 1 is given up for port 3, which gets its number. */
  function reused(): Crowded {
    const crowded = new Crowded(2).opens(1, 1).opens(2, 2);
    crowded.exchanges(1, 1, 200, '/same').exchanges(2, 1, 200, '/same');
    crowded.packet(2.5, 1, 0, 'ack', 50).packet(2.6, 1, 1, 'ack').closes(3, 1).opens(20, 3);
    expect(crowded.givenUp).toEqual([crowded.numbers.get(1)]);
    expect(crowded.numbers.get(3)).toBe(crowded.numbers.get(1));
    return crowded;
  }

  test('has nothing of its bearer before: marks, closes, silences, streams, joins, partners', () => {
    const { connections, streams, joins } = reused().finish();
    const [, third] = connections;
    expect(third?.endpoints[0].port).toBe(3);
    expect(third?.marks.map(({ kind, count }) => [kind, count])).toEqual([
      ['syn', 1],
      ['syn-ack', 1],
    ]);
    expect(third).toMatchObject({ closes: [], silences: [], debts: [], protocol: 'unknown', first: { timeNs: 20e9 } });
    expect(third?.flows[0]).toMatchObject({ packets: 2, bytes: 0, heardGaps: [] });
    expect(streams.map(({ connection, partners }) => [connection, partners])).toEqual([[0, []]]);
    expect(joins).toEqual([]);
  });

  test('a stream that was open when its connection was given up waits for nobody, and is used again without harm', () => {
    const crowded = new Crowded(2).opens(1, 1).opens(2, 2);
    crowded.asks(1, 1, '/watched').closes(3, 1).opens(4, 3);
    expect(crowded.givenUp).toEqual([crowded.numbers.get(1)]);
    // The given-up stream is the first to be used again; more than a table's first buckets make it grow.
    for (let stream = 1; stream < 2 * 600; stream += 2) crowded.asks(3, stream, '/watched');
    const { streams } = crowded.finish();
    expect(streams).toHaveLength(600);
    expect(streams.every(({ partners }) => partners.length === 0)).toBe(true);
  });

  test('ids follow first packets, and nth counts those given up', () => {
    const { connections } = reused().finish();
    expect(connections.map(({ id, nth }) => [id, nth])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test('what was given up is in the totals', () => {
    expect(reused().finish().givenUp).toMatchObject({ connections: 1, packets: 8, streams: 1, floods: [] });
  });
});
