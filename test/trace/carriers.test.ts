import { beforeEach, describe, expect, test } from 'vitest';
import type { TraceStream } from '../../src/trace/index.ts';
import { fields, Recording } from './recording.ts';

/** As the http stage tells them: under numbers below 0. */
const INNER = -1;
const CLIENT = 0;
const SERVER = 1;

let recording = new Recording();
let near = 0;
let far = 0;

/** A client's connection to a gateway, and one from it with a tunnel in stream 1. */
function begin(): void {
  recording = new Recording();
  near = recording.connect('10.9.1.2:50001', '10.9.0.2:80', 0);
  far = recording.connect('10.9.0.2:40001', '10.9.2.1:15008', 0.1);
  recording.at(0.2).recorder.http.protocol(far, 'h2');
  recording.recorder.http.headers(far, CLIENT, 1, fields({ method: 'CONNECT', authority: '10.9.4.1:80' }), false);
  recording.recorder.http.headers(far, SERVER, 1, fields({ status: 200 }), false);
}

beforeEach(begin);

function opens(protocol: 'h2' | 'tls' = 'h2'): void {
  recording.at(0.3).recorder.http.tunnel(INNER, far, 1, protocol);
}

/** The streams of the upstream connection. */
function told(): readonly TraceStream[] {
  return recording.finish().streams.filter(({ connection }) => connection === far);
}

describe('a stream in a tunnel', () => {
  test('is one of the connection, named by the stream that carries it, which carries', () => {
    opens();
    recording.asks(INNER, 1, 1).answers(INNER, 1, 1.1).data(INNER, SERVER, 1, 2, 0, 70);
    expect(told()).toMatchObject([
      { tunnel: null, id: 1, carries: true, request: { method: 'CONNECT' } },
      { tunnel: 1, id: 1, carries: false, request: { method: 'GET' }, status: 200, dataBytes: [0, 70] },
    ]);
  });

  test('is joined to what the gateway was asked, and the join says where it ran', () => {
    opens();
    recording.asks(near, 7, 1).asks(INNER, 1, 1.001);
    const { streams, joins } = recording.finish();
    const [asked] = streams.filter(({ connection }) => connection === near);
    expect(asked?.partners).toMatchObject([{ connection: far, tunnel: 1, streamId: 1, nearerClient: true }]);
    expect(joins).toMatchObject([{ near, far, samples: [[7, 1]], tunnels: [[null, 1]] }]);
  });

  test('is not one of the same number in another tunnel', () => {
    opens();
    recording.recorder.http.headers(far, CLIENT, 3, fields({ method: 'CONNECT' }), false);
    recording.recorder.http.tunnel(INNER - 1, far, 3, 'h2');
    recording.asks(INNER, 1, 1, { path: '/a' }).asks(INNER - 1, 1, 1.1, { path: '/b' });
    const inner = told().filter(({ tunnel }) => tunnel !== null);
    expect(inner.map(({ tunnel, id, request }) => [tunnel, id, request?.path])).toEqual([
      [1, 1, '/a'],
      [3, 1, '/b'],
    ]);
  });

  test('of TLS that could not be read there is none, and its carrier carries nothing', () => {
    opens('tls');
    recording.asks(INNER, 1, 1);
    expect(told()).toMatchObject([{ id: 1, carries: false }]);
  });
});

describe('what a connection says of itself in a tunnel', () => {
  test('is not the carrying connection’s: its PINGs, GOAWAYs, windows, and records', () => {
    opens();
    const { recorder } = recording;
    recorder.http.ping(INNER, CLIENT, false, 1, 2);
    recorder.http.goaway(INNER, SERVER, 0, 0, 'bye');
    recorder.http.settings(INNER, SERVER, false, 0);
    recorder.http.windowUpdate(INNER, SERVER, 0, 5);
    recorder.http.windowUpdate(INNER, SERVER, 1, 5);
    recorder.tls.decrypted(INNER);
    const connection = recording.finish().connections[far];
    expect(connection).toMatchObject({ goaways: [], slowPings: [], isDecrypted: false });
    expect(connection?.flows.map(({ pings }) => pings)).toEqual([0, 0]);
    expect(connection?.marks.map(({ kind }) => kind)).not.toContain('ping');
  });

  test('is marked once: its requests, and the DATA that carry it', () => {
    opens();
    recording.asks(INNER, 1, 1).data(INNER, SERVER, 1, 2);
    recording.at(2).recorder.http.data(far, SERVER, 1, 120, 0, false);
    const marks = recording.finish().connections[far]?.marks ?? [];
    expect(marks.filter(({ kind }) => kind === 'data').map(({ count }) => count)).toEqual([1]);
    expect(marks.filter(({ kind }) => kind === 'request').reduce((sum, { count }) => sum + count, 0)).toBe(2);
  });
});

describe('where a tunnel ends', () => {
  test('by a reset, what was open in it is reset by the same side and code, and no other', () => {
    opens();
    recording.asks(INNER, 1, 1).asks(INNER, 3, 1.5).answers(INNER, 1, 2, 200, true);
    recording.asks(near, 5, 2.5);
    recording.at(3).recorder.http.rstStream(far, SERVER, 1, 2);
    expect(told().map(({ tunnel, id, reset }) => [tunnel, id, reset?.by, reset?.errorCode])).toEqual([
      [null, 1, SERVER, 2],
      [1, 1, SERVER, 2],
      [1, 3, SERVER, 2],
    ]);
  });

  test('on the side that has to answer, nothing waits any more; on the other it does', () => {
    opens();
    recording.asks(INNER, 1, 1);
    recording.at(2).recorder.http.data(far, CLIENT, 1, 0, 0, true);
    recording.asks(INNER, 3, 3);
    recording.at(4).recorder.http.data(far, SERVER, 1, 0, 0, true);
    const resets = told().map(({ tunnel, id, reset }) => [tunnel, id, reset?.by, (reset?.at.timeNs ?? 0) / 1e9]);
    expect(resets).toEqual([
      [null, 1, undefined, 0],
      [1, 1, SERVER, 4],
      [1, 3, SERVER, 4],
    ]);
  });

  test('with its connection, its streams are as open as the connection’s own', () => {
    opens();
    recording.asks(INNER, 1, 1);
    recording.recorder.http.tunnelClosed(INNER);
    recording.asks(INNER, 3, 2);
    expect(told().map(({ tunnel, id, reset }) => [tunnel, id, reset])).toEqual([
      [null, 1, null],
      [1, 1, null],
    ]);
  });
});

/** Between what linear and quadratic time make of 16 times as many, 16 to 25 and 256. */
const SIXTEENFOLD_MAX = 64;

/** Streams that a tunnel holds open while its carrier, against RFC 9113 §5.1, is ended again and again by the side that asks. */
function endsAgain(streams: number): void {
  const { recorder } = recording.at(1);
  for (let id = 1; id <= streams; id++)
    recorder.http.headers(INNER, CLIENT, 2 * id + 1, fields({ method: 'GET' }), false);
  for (let id = 1; id <= streams; id++) recorder.http.data(far, CLIENT, 1, 0, 0, true);
}

function costMs(work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
}

/** Of three, each in a new recording. */
function leastMs(streams: number): number {
  const runs = Array.from({ length: 3 }, () => {
    begin();
    opens();
    return costMs(() => endsAgain(streams));
  });
  return Math.min(...runs);
}

test('to end a carrier again and again takes no time for each stream in its tunnel', () => {
  // The engine has compiled all by then.
  leastMs(500);
  const one = leastMs(500);
  expect(leastMs(8_000) / one).toBeLessThan(SIXTEENFOLD_MAX);
});

test('a connection that is given up takes the streams in its tunnels along', () => {
  opens();
  recording.asks(near, 7, 0.5).asks(INNER, 1, 1).asks(INNER, 3, 1.5).ends(INNER, 1, 2);
  recording.recorder.http.tunnelClosed(INNER);
  recording.recorder.released(far);
  const { streams, connections } = recording.finish();
  expect(streams.map(({ tunnel, id }) => [tunnel, id])).toEqual([[null, 7]]);
  expect(connections).toHaveLength(1);
});

test('what of a tunnel could not be followed is unread on the connection, as long as its DATA come', () => {
  opens();
  const { recorder } = recording;
  recording.at(5);
  recorder.http.lost(INNER, SERVER);
  recording.at(6);
  recorder.http.data(far, SERVER, 1, 100, 0, false);
  recording.at(7);
  recorder.http.regained(INNER, SERVER);
  recording.at(8);
  recorder.http.data(far, SERVER, 1, 100, 0, false);
  const flows = recording.finish().connections[far]?.flows;
  expect(flows?.[SERVER].unread.map(({ toNs }) => toNs / 1e9)).toEqual([7]);
  expect(flows?.[CLIENT].unread).toEqual([]);
});
