import { describe, expect, test } from 'vitest';
import { DIRECTION } from '../../src/decode/index.ts';
import { GAP } from '../../src/tcp/index.ts';
import { LOOKED_AT_MAX, PARTNERS_MAX } from '../../src/trace/limits.ts';
import { fields, Recording } from './recording.ts';

const CLIENT = '10.9.1.2';
const GATEWAY = '10.9.0.2';

/** A client connection (0) and two upstream connections (1, 2) of one gateway. */
function gateway(): Recording {
  const recording = new Recording();
  recording.connect(`${CLIENT}:50001`, `${GATEWAY}:80`, 0);
  recording.connect(`${GATEWAY}:40001`, '10.9.2.2:8080', 0.1);
  recording.connect(`${GATEWAY}:40002`, '10.9.2.3:8080', 0.2);
  return recording;
}

describe('requests that were passed on', () => {
  test('by the same request id, whatever else was rewritten', () => {
    const built = gateway()
      .asks(0, 1, 1, { requestId: 'r-1', path: '/a' })
      .asks(1, 3, 1.001, { requestId: 'r-1', path: '/b', authority: 'else', userAgent: 'else' });
    expect(built.partners()).toEqual(['0/1 > 1/3 request-id']);
  });

  test('by the same traceparent, where there is no request id', () => {
    const built = gateway()
      .asks(0, 1, 1, { traceparent: '00-ab-cd-01' })
      .asks(1, 3, 1.001, { traceparent: '00-ab-cd-01' });
    expect(built.partners()).toEqual(['0/1 > 1/3 request-id']);
  });

  test('never by one that was asked later, whatever order they stand in: unless the clock was set back in between', () => {
    expect(gateway().asks(1, 3, 1.001).asks(0, 1, 1).partners()).toEqual([]);
    expect(gateway().asks(1, 3, 1).asks(0, 1, 1).partners()).toHaveLength(1);
    expect(gateway().asks(1, 3, 3).asks(0, 1, 1).partners()).toHaveLength(1);
  });

  test('a request id says more than the path', () => {
    const built = gateway()
      .asks(0, 1, 1, { requestId: 'r-1' })
      .asks(0, 3, 1.001, { requestId: 'r-2' })
      .asks(1, 1, 1.002, { requestId: 'r-2' })
      .asks(1, 3, 1.003, { requestId: 'r-1' });
    expect(built.partners()).toEqual(['0/1 > 1/3 request-id', '0/3 > 1/1 request-id']);
  });

  test('by method, path, authority and user agent', () => {
    expect(gateway().asks(0, 1, 1).asks(1, 3, 1.001).partners()).toEqual(['0/1 > 1/3 request']);
  });

  test('with the authority rewritten, but not by another user agent', () => {
    const asked = (said: object): string[] => gateway().asks(0, 1, 1).asks(1, 3, 1.001, said).partners();
    expect(asked({ authority: 'apiserver' })).toHaveLength(1);
    expect(asked({ userAgent: 'curl' })).toEqual([]);
  });

  describe('behind bytes that the capture lacks, so that it was held and told late', () => {
    const REQUEST = { method: 'GET', path: '/api/v1/pods', authority: 'kubernetes', userAgent: 'kubectl' };

    /** At 20 s bytes of a side of the upstream connection are given up for lost, and a request is told that stood behind them, or came `later`. */
    function held(recording: Recording, side: 0 | 1 = 0, later = 0, requestId?: string): string[] {
      recording.at(20).recorder.tcp.gap(1, side, 100, GAP.lost);
      if (later > 0) recording.at(20 + later);
      recording.recorder.http.headers(1, 0, 3, fields({ ...REQUEST, requestId }), false);
      return recording.partners();
    }

    test('not one of several that wait: which of them was asked before it was sent nobody knows', () => {
      const several = (): Recording => gateway().asks(0, 1, 5).asks(0, 3, 19.99);
      expect(held(several())).toEqual([]);
      // What follows was told when it came, and so was what the other side's bytes do not hold up.
      expect(held(several(), 0, 0.001)).toEqual(['0/3 > 1/3 request']);
      expect(held(several(), 1)).toEqual(['0/3 > 1/3 request']);
    });

    test('the only one that waits, or one that has the same request id', () => {
      expect(held(gateway().asks(0, 1, 5))).toEqual(['0/1 > 1/3 request']);
      const named = gateway().asks(0, 1, 5, { requestId: 'r-1' }).asks(0, 3, 6, { requestId: 'r-2' });
      expect(held(named, 0, 0, 'r-2')).toEqual(['0/3 > 1/3 request-id']);
    });
  });

  test('not with another method or path', () => {
    expect(gateway().asks(0, 1, 1).asks(1, 3, 1.001, { method: 'POST' }).partners()).toEqual([]);
    expect(gateway().asks(0, 1, 1).asks(1, 3, 1.001, { path: '/api/v1/nodes' }).partners()).toEqual([]);
  });

  test('the one that came just now, beside one that has waited for longer than a hop; of several such, the first', () => {
    const two = (second: number): string[] => gateway().asks(0, 1, 1).asks(0, 3, second).asks(1, 1, 1.9).partners();
    expect(two(1.85)).toEqual(['0/3 > 1/1 request']);
    expect(two(1.7)).toEqual(['0/1 > 1/1 request']);
    expect(gateway().asks(0, 1, 1.82).asks(0, 3, 1.85).asks(1, 1, 1.9).partners()).toEqual(['0/1 > 1/1 request']);
  });

  test('no retry, where of one request it cannot be read who asked', () => {
    const retried = (userAgent: string | null | undefined): string[] =>
      gateway().asks(0, 1, 1, { userAgent }).asks(1, 1, 1.001).asks(2, 1, 3).partners();
    expect(retried(null)).toEqual(['0/1 > 1/1 request']);
    expect(retried(undefined)).toEqual(['0/1 > 1/1 request', '0/1 > 2/1 request']);
    const byId = { requestId: 'r-1' };
    const known = gateway()
      .asks(0, 1, 1, { ...byId, userAgent: null })
      .asks(1, 1, 1.001, byId)
      .asks(2, 1, 3, byId);
    expect(known.partners()).toHaveLength(2);
  });

  test('an upgrade of HTTP/1.1 and the CONNECT that carries it over HTTP/2, either way round', () => {
    const upgraded = (near: string, far: string): string[] =>
      gateway().asks(0, 1, 1, { method: near }).asks(1, 3, 1.001, { method: far }).partners();
    expect(upgraded('GET', 'CONNECT')).toEqual(['0/1 > 1/3 request']);
    expect(upgraded('CONNECT', 'POST')).toEqual(['0/1 > 1/3 request']);
    const elsewhere = gateway()
      .asks(0, 1, 1, { method: 'POST', path: '/a' })
      .asks(1, 3, 1.001, { method: 'CONNECT', path: '/b' });
    expect(elsewhere.partners()).toEqual([]);
  });

  test('two like ones in flight pair first in, first out', () => {
    const recording = gateway().asks(0, 1, 1).asks(0, 3, 1.01).asks(1, 1, 1.02).asks(2, 1, 1.03);
    expect(recording.partners()).toEqual(['0/1 > 1/1 request', '0/3 > 2/1 request']);
  });

  test('and are told as what they are: two that fitted, then one', () => {
    const { joins } = gateway().asks(0, 1, 1).asks(0, 3, 1.01).asks(1, 1, 1.02).asks(1, 3, 1.03).finish();
    expect(joins).toMatchObject([{ near: 0, far: 1, method: 'request', streams: 2, unambiguous: 1 }]);
    expect(joins[0]?.samples).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });

  test('an old request that hangs steals no fresh one', () => {
    const recording = gateway().asks(0, 1, 1).asks(0, 3, 20).asks(1, 1, 20.01);
    expect(recording.partners()).toEqual(['0/3 > 1/1 request']);
  });

  test('late, where the gateway first had to connect', () => {
    expect(gateway().asks(0, 1, 1).asks(1, 1, 31).partners()).toEqual(['0/1 > 1/1 request']);
  });

  test('later still, as long as a kernel tries to get through, where it has no answer yet', () => {
    expect(gateway().asks(0, 1, 1).asks(1, 1, 900).partners()).toEqual(['0/1 > 1/1 request']);
    expect(gateway().asks(0, 1, 1).asks(1, 1, 962).partners()).toEqual([]);
    expect(gateway().asks(0, 1, 1).answers(0, 1, 2, 200).asks(1, 1, 62).partners()).toEqual([]);
  });

  test('many that waited pair in the order in which they were asked', () => {
    const recording = gateway();
    for (const id of [1, 3, 5, 7]) recording.asks(0, id, 50 * id);
    for (const id of [1, 3, 5, 7]) recording.asks(1, id, 400 + id / 1000);
    expect(recording.partners()).toEqual([
      '0/1 > 1/1 request',
      '0/3 > 1/3 request',
      '0/5 > 1/5 request',
      '0/7 > 1/7 request',
    ]);
  });

  test('a retry elsewhere is a second partner', () => {
    const recording = gateway().asks(0, 1, 1).asks(1, 1, 1.01);
    recording.at(5).recorder.http.rstStream(1, 1, 1, 7);
    expect(recording.asks(2, 1, 5.01).partners()).toEqual(['0/1 > 1/1 request', '0/1 > 2/1 request']);
  });

  test('retries beyond those that are noted are told', () => {
    const recording = gateway();
    for (let nth = 0; nth <= PARTNERS_MAX; nth++) recording.connect(`${GATEWAY}:${41_000 + nth}`, '10.9.2.4:8080', 0.3);
    recording.asks(0, 1, 1);
    for (let nth = 0; nth <= PARTNERS_MAX; nth++) recording.asks(3 + nth, 1, 1.01 + nth / 100);
    expect(recording.finish().limits).toEqual([{ limit: 'partners-per-stream', bound: PARTNERS_MAX, count: 1 }]);
    expect(recording.partners()).toHaveLength(PARTNERS_MAX);
  });

  test('of very many that wait for the same the newest are looked at, which is told where none of them was it', () => {
    const waiting = (others: number): Recording => {
      const recording = gateway().asks(0, 1, 1, { userAgent: 'kubelet' });
      for (let nth = 0; nth < others; nth++) recording.asks(1, 2 * nth + 1, 1.001, { userAgent: 'other' });
      return recording.asks(2, 1, 1.01, { userAgent: 'kubelet' });
    };
    const looked = { limit: 'waiting-requests-looked-at', bound: LOOKED_AT_MAX, count: 1 };
    const few = waiting(LOOKED_AT_MAX - 1);
    expect([few.partners(), few.finish().limits]).toEqual([['0/1 > 2/1 request'], []]);
    expect(waiting(LOOKED_AT_MAX).partners()).toEqual([]);
    expect(waiting(LOOKED_AT_MAX).finish().limits).toEqual([looked]);
  });

  test('a request that is over is passed on no more', () => {
    const recording = gateway().asks(0, 1, 1);
    recording.at(2).recorder.http.rstStream(0, 0, 1, 8);
    expect(recording.asks(1, 1, 2.01).partners()).toEqual([]);
  });

  test('unknown fields contradict nothing', () => {
    const built = gateway()
      .asks(0, 1, 1, { authority: null, userAgent: null })
      .asks(1, 3, 1.001, { authority: null, userAgent: null });
    expect(built.partners()).toHaveLength(1);
  });
});

describe('who may have passed it on', () => {
  test('two clients that ask one server the same are no gateway', () => {
    const recording = new Recording();
    recording.connect(`${CLIENT}:50001`, '10.9.2.2:8080', 0);
    recording.connect('10.9.1.3:50002', '10.9.2.2:8080', 0.1);
    expect(recording.asks(0, 1, 1).asks(1, 1, 1.001).partners()).toEqual([]);
  });

  test('one client that asks two servers the same is none', () => {
    const recording = new Recording();
    recording.connect(`${CLIENT}:50001`, '10.9.2.2:8080', 0);
    recording.connect(`${CLIENT}:50002`, '10.9.2.3:8080', 0.1);
    expect(recording.asks(0, 1, 1).asks(1, 1, 1.001).partners()).toEqual([]);
  });

  test('a host of another address may be the gateway’s other side', () => {
    const recording = new Recording();
    recording.connect(`${CLIENT}:50001`, `${GATEWAY}:80`, 0);
    recording.connect('10.9.5.2:40001', '10.9.2.2:8080', 0.1);
    expect(recording.asks(0, 1, 1).asks(1, 1, 1.001).partners()).toEqual(['0/1 > 1/1 request']);
  });

  test('but a retry is believed only of a host that surely is the same', () => {
    const recording = new Recording();
    recording.connect(`${CLIENT}:50001`, `${GATEWAY}:80`, 0);
    recording.connect('10.9.5.2:40001', '10.9.2.2:8080', 0.1);
    recording.connect('10.9.6.2:40001', '10.9.2.3:8080', 0.2);
    expect(recording.asks(0, 1, 1).asks(1, 1, 1.001).asks(2, 1, 1.002).partners()).toEqual(['0/1 > 1/1 request']);
  });

  test('where the capture says which ends are its own, only these pass on', () => {
    const own = (upstreamFrom: string, direction: typeof DIRECTION.fromUs | typeof DIRECTION.other): string[] => {
      const recording = new Recording();
      recording.connect(`${CLIENT}:50001`, `${GATEWAY}:80`, 0, { direction: DIRECTION.toUs });
      recording.connect(upstreamFrom, '10.9.2.2:8080', 0.1, { direction });
      return recording.asks(0, 1, 1).asks(1, 1, 1.001).partners();
    };
    expect(own('10.9.5.2:40001', DIRECTION.fromUs)).toHaveLength(1);
    expect(own('10.9.5.2:40001', DIRECTION.other)).toEqual([]);
  });

  test.each(['127.0.0.1', '::1'])(
    'a loopback address is the capturing host’s own, on whichever side: %s',
    (loopback) => {
      const recording = new Recording();
      // On lo every packet comes in, of both sides: that says of neither that it is here.
      recording.connect(`${loopback}:50001`, `${loopback}:80`, 0, { direction: DIRECTION.toUs });
      recording.connect('10.9.5.2:40001', '10.9.2.2:8080', 0.1, { direction: DIRECTION.fromUs });
      recording.connect('10.9.6.2:40001', '10.9.2.2:8080', 0.2, { direction: DIRECTION.other });
      recording.asks(0, 1, 1).asks(1, 1, 1.001).asks(0, 3, 2).asks(2, 1, 2.001);
      expect(recording.partners()).toEqual(['0/1 > 1/1 request']);
    },
  );

  test('a second hop is joined to the first, not to the client', () => {
    const recording = new Recording();
    recording.connect(`${CLIENT}:50001`, `${GATEWAY}:80`, 0);
    recording.connect(`${GATEWAY}:40001`, '10.9.0.3:80', 0.1);
    recording.connect('10.9.0.3:40002', '10.9.2.2:8080', 0.2);
    const built = recording
      .asks(0, 1, 1, { requestId: 'r-1' })
      .asks(1, 1, 1.001, { requestId: 'r-1' })
      .asks(2, 1, 1.002, { requestId: 'r-1' });
    expect(built.partners()).toEqual(['0/1 > 1/1 request-id', '1/1 > 2/1 request-id']);
  });
});

describe('payloads that were passed on', () => {
  test('the same bytes shortly after, towards the client', () => {
    const recording = gateway().data(1, 1, 3, 1, 77).data(0, 1, 7, 1.001, 77);
    expect(recording.finish().joins).toMatchObject([{ near: 0, far: 1, method: 'payload', streams: 1 }]);
  });

  test('not of another length', () => {
    expect(gateway().data(1, 1, 3, 1, 77, 100).data(0, 1, 7, 1.001, 77, 101).finish().joins).toEqual([]);
  });

  test('not two seconds later', () => {
    expect(gateway().data(1, 1, 3, 1, 77).data(0, 1, 7, 3.1, 77).finish().joins).toEqual([]);
  });

  test('a heartbeat is too short to say anything', () => {
    expect(gateway().data(1, 1, 3, 1, 77, 23).data(0, 1, 7, 1.001, 77, 23).finish().joins).toEqual([]);
  });

  test('further matches make the partner surer, not the tally longer', () => {
    const recording = gateway()
      .data(1, 1, 3, 1, 77)
      .data(0, 1, 7, 1.001, 77)
      .data(1, 1, 3, 2, 78)
      .data(0, 1, 7, 2.001, 78);
    const { joins, streams } = recording.finish();
    expect(joins).toMatchObject([{ streams: 1 }]);
    expect(streams.find(({ connection }) => connection === 0)?.partners).toMatchObject([{ matched: 2, streamId: 3 }]);
  });

  test('one event to two watchers fits both, and is said to', () => {
    const recording = gateway().data(1, 1, 3, 1, 77).data(1, 1, 5, 1.0001, 77).data(0, 1, 7, 1.001, 77);
    expect(recording.finish().joins).toMatchObject([{ streams: 1, unambiguous: 0 }]);
  });

  test('streams known by their request are not looked at', () => {
    const recording = gateway().asks(0, 1, 1).asks(1, 3, 1.001);
    expect(recording.recorder.http.wantsPayload(1, 1, 3)).toBe(false);
    expect(recording.recorder.http.wantsPayload(2, 1, 9)).toBe(true);
  });

  test('a bulk transfer is looked at from its start, and then after pauses', () => {
    const recording = gateway().asks(1, 3, 1);
    for (let i = 0; i < 8; i++) recording.data(1, 1, 3, 1.001 + i / 1000, i + 1);
    expect(recording.at(1.02).recorder.http.wantsPayload(1, 1, 3)).toBe(false);
    expect(recording.at(1.1).recorder.http.wantsPayload(1, 1, 3)).toBe(true);
  });
});
