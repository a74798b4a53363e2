import { describe, expect, test } from 'vitest';
import type { ErrorReason } from '../../src/http/index.ts';
import { buildIncident, type HurtStream } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { onlyWindow, watching, watchingWithSpare } from './stories.ts';

function hurt(built: TraceBuilder): readonly HurtStream[] {
  return onlyWindow(buildIncident(built.end(600))).streams;
}

describe('whom it hurt', () => {
  test('the stream that was open at onset: what it was, since when it is silent, what became of it', () => {
    expect(hurt(watching().retransmits(10, 20, 40))).toEqual([
      {
        tunnel: null,
        id: 7,
        kind: 'watch',
        path: '/api/v1/pods?watch=true',
        resource: 'pods',
        userAgent: 'kubectl/v1.31',
        upstreamStream: { tunnel: null, id: 3 },
        silentSinceNs: 5.001e9,
        outcome: 'hung',
        status: null,
        grpcStatus: null,
        recoveredBy: null,
      },
    ]);
  });

  test('the stream that was sent into it later', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').list(9, { at: 30 }).on('u1').carries(9, 5);
    expect(hurt(built).map(({ id, upstreamStream }) => [id, upstreamStream?.id ?? null])).toEqual([
      [7, 3],
      [9, 5],
    ]);
  });

  test('not the one that had its complete response before', () => {
    const built = watching().on('c1').list(9, { at: 2 }).on('u1').carries(9, 5).serves(5, 3).retransmits(10, 20, 40);
    expect(hurt(built).map(({ id }) => id)).toEqual([7]);
  });

  test('not the one that got a good answer meanwhile: another upstream gave it, though the capture does not show which', () => {
    const asked = (): TraceBuilder =>
      watching().retransmits(10, 20, 40).on('c1').list(9, { at: 30 }).on('u1').carries(9, 5).on('c1');
    expect(hurt(asked().serves(9, 30.5)).map(({ id }) => id)).toEqual([7]);
    const grpcError = asked().answers(9, 200, 30.5).grpcStatus(9, '14').ends(9, 30.5);
    expect(hurt(grpcError).map(({ id }) => id)).toEqual([7, 9]);
    expect(hurt(asked().answers(9, 500, 30.5).ends(9, 30.5)).map(({ id }) => id)).toEqual([7, 9]);
    const healed = (): TraceBuilder =>
      watching().retransmits(10, 20, 40).answered(80).on('c1').list(9, { at: 30 }).on('u1').carries(9, 5).on('c1');
    expect(hurt(healed().serves(9, 80.5)).map(({ id }) => id)).toEqual([7, 9]);
  });

  test('not the one that the client had cancelled before', () => {
    const built = watching().on('c1').watch(9, { at: 2 }).resetsStream(9, 'client', 8, 8).on('u1').carries(9, 5);
    expect(hurt(built.retransmits(10, 20, 40)).map(({ id }) => id)).toEqual([7]);
  });

  describe('the stream that the gateway gave up, when that was the first that stayed unanswered', () => {
    const toldAt = (story: TraceBuilder): string[] =>
      buildIncident(
        story.on('u1').resetsStream(3, 'gateway', 10).mute('upstream', 10, 10.2, 20, 40).end(600),
      ).windows.map(
        ({ fromNs, toNs, end, streams }) =>
          `${fromNs / 1e9}-${(toNs ?? 0) / 1e9} ${end.how} ${streams.map(({ outcome }) => outcome).join()}`,
      );

    test.each([9.9998, 10.0002])('whichever of its two words stands first in the capture: told at %d s', (at) => {
      const answered = watching().on('c1').answers(7, 504, at).ends(7, at);
      expect(toldAt(answered)).toEqual([`5-${at} gateway-closed gateway-error`]);
      const reset = watching().on('c1').resetsStream(7, 'gateway', at);
      expect(toldAt(reset)).toEqual([`5-${at} gateway-closed reset`]);
    });

    test('not where the client was told well before, or had cancelled it, or the error is the upstream’s own', () => {
      expect(toldAt(watching().on('c1').answers(7, 504, 9.8).ends(7, 9.8))).toEqual([]);
      expect(toldAt(watching().on('c1').resetsStream(7, 'client', 9.9998, 8))).toEqual([]);
      const own = watching().on('c1').list(9, { at: 8 }).on('u1').carries(9, 5).answers(5, 500, 9.95).ends(5, 9.95);
      expect(toldAt(own)).toEqual(['10-0 capture-end hung']);
    });

    test('an error after the last that was heard is the gateway’s, though the stream does not end with it', () => {
      const early = watching().on('c1').answers(7, 503, 7);
      expect(toldAt(early)).toEqual(['10-0 capture-end gateway-error']);
      const own = watching().answers(3, 500, 6);
      expect(toldAt(own)).toEqual(['10-0 capture-end hung']);
    });
  });

  test('the request that never left the gateway', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').list(9, { at: 30 });
    expect(hurt(built)).toMatchObject([
      { id: 7, upstreamStream: { id: 3 } },
      { id: 9, upstreamStream: null, kind: 'list', outcome: 'hung' },
    ]);
  });

  test('not the one for which the gateway found no connection, and says so', () => {
    const built = (reason: ErrorReason): TraceBuilder =>
      watching()
        .retransmits(10, 20, 40)
        .on('c1')
        .list(9, { at: 30 })
        .answers(9, 503, 35)
        .says(9, reason, 35)
        .ends(9, 35);
    expect(hurt(built('upstream-reset-before-headers')).map(({ id }) => id)).toEqual([7, 9]);
    expect(hurt(built('upstream-connect-timeout')).map(({ id }) => id)).toEqual([7]);
    // Nor those that follow it, which wait for a connection too; the one before it had found one.
    const between = built('upstream-connect-timeout').list(11, { at: 40 });
    expect(hurt(between).map(({ id }) => id)).toEqual([7]);
    const before = watching().retransmits(10, 20, 40).on('c1').list(9, { at: 25 }).list(11, { at: 30 });
    const late = before.answers(11, 503, 35).says(11, 'upstream-connect-timeout', 35).ends(11, 35);
    expect(hurt(late).map(({ id }) => id)).toEqual([7, 9]);
  });

  test('again the one that follows a request which is seen to leave on the dead connection, after the gateway had found none', () => {
    const failed = (until: number, seenAt: number | null): TraceBuilder => {
      const story = watching().retransmits(10, 20, 40).on('c1').list(9, { at: 30 });
      story.answers(9, 503, until).says(9, 'upstream-connect-timeout', until).ends(9, until);
      if (seenAt !== null) story.list(11, { at: seenAt }).on('u1').carries(11, 5).on('c1');
      return story.list(13, { at: 40 });
    };
    expect(hurt(failed(35, 38)).map(({ id }) => id)).toEqual([7, 11, 13]);
    // Not what left before the gateway said so, nor what left elsewhere.
    expect(hurt(failed(39, 38)).map(({ id }) => id)).toEqual([7, 11]);
    const elsewhere = failed(35, null).list(15, { at: 37 }).upstream('u2').carries(15, 1).serves(1, 37.1);
    expect(hurt(elsewhere).map(({ id }) => id)).toEqual([7]);
    const again = failed(35, 38).list(17, { at: 39 }).answers(17, 503, 39.5).says(17, 'upstream-connect-failure', 39.5);
    expect(hurt(again.ends(17, 39.5)).map(({ id }) => id)).toEqual([7, 11]);
  });

  test('not the one whose answer had begun, where its end may be among bytes that the capture lacks', () => {
    const built = (from: number, until: number): TraceBuilder => {
      const told = watching().on('c1').list(9, { at: 2 }).on('u1').carries(9, 5).answers(5, 200, 3);
      return told.on('c1').unread('gateway', from, until).on('u1').retransmits(10, 20, 40);
    };
    expect(hurt(built(0, 2.5)).map(({ id }) => id)).toEqual([7, 9]);
    expect(hurt(built(0, 8)).map(({ id }) => id)).toEqual([7]);
    // Nor where it was over: by then the connection was dead.
    expect(hurt(built(11, 500)).map(({ id }) => id)).toEqual([7, 9]);
  });

  test('not the one that is seen to leave nowhere, where the capture lacks some of what was said since', () => {
    const built = (leg: string, from: number, until: number): TraceBuilder => {
      const told = watchingWithSpare().on('c1').list(9, { at: 30 }).on(leg).unread('gateway', from, until);
      return told.on('u1').retransmits(10, 20, 40);
    };
    expect(hurt(built('c1', 0, 29)).map(({ id }) => id)).toEqual([7, 9]);
    expect(hurt(built('c1', 0, 31)).map(({ id }) => id)).toEqual([7]);
    expect(hurt(built('u2', 0, 29)).map(({ id }) => id)).toEqual([7, 9]);
    expect(hurt(built('u2', 0, 31)).map(({ id }) => id)).toEqual([7]);
    expect(hurt(built('u2', 200, 210)).map(({ id }) => id)).toEqual([7]);
    // Whoever gave it up before was left waiting until then.
    const cancelled = (from: number): TraceBuilder => built('c1', from, 210).on('c1').resetsStream(9, 'client', 60);
    expect(hurt(cancelled(61)).map(({ id }) => id)).toEqual([7, 9]);
    const elsewhere = (from: number): TraceBuilder => built('u2', from, 210).on('c1').resetsStream(9, 'client', 60);
    expect(hurt(elsewhere(61)).map(({ id }) => id)).toEqual([7, 9]);
    expect(hurt(elsewhere(59)).map(({ id }) => id)).toEqual([7]);
  });

  test('not the request that came after the gateway had given the connection up', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').resetsStream(7, 'gateway', 50).list(9, { at: 60 });
    expect(hurt(built).map(({ id }) => id)).toEqual([7]);
  });

  test('a request that timed out gives the connection up for itself only', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').answers(7, 504, 50).ends(7, 50).list(9, { at: 60 });
    expect(hurt(built).map(({ id }) => id)).toContain(9);
  });

  test('not the one that another upstream served', () => {
    const built = watchingWithSpare()
      .retransmits(10, 20, 40)
      .on('c1')
      .list(9, { at: 30 })
      .on('u2')
      .carries(9, 1)
      .serves(1, 30.1);
    expect(hurt(built).map(({ id }) => id)).toEqual([7]);
  });
});

describe('a request that is seen leaving on no connection', () => {
  const ids = (built: TraceBuilder): readonly (readonly [string, readonly number[]])[] =>
    buildIncident(built.end(600)).windows.map(({ upstream, streams }) => [upstream, streams.map(({ id }) => id)]);

  test('waits not on an HTTP/1.1 connection that a watch takes up', () => {
    const built = watching().with({ protocol: 'http1' }).retransmits(10, 20, 40).on('c1').list(9, { at: 30 });
    expect(ids(built)).toEqual([['u1', [7]]]);
  });

  test('waits on the HTTP/1.1 connection that had room when another dead one had none', () => {
    const built = watching()
      .with({ protocol: 'http1' })
      .on('c1')
      .list(9, { at: 2 })
      .upstream('u2', { to: '10.9.2.2:8080' })
      .carries(9, 1)
      .serves(1, 2.1)
      .with({ protocol: 'http1' })
      .retransmits(10, 20, 40)
      .on('u1')
      .retransmits(10, 20, 40)
      .on('c1')
      .list(11, { at: 30 });
    expect(ids(built)).toEqual([
      ['u1', [7]],
      ['u2', [11]],
    ]);
  });

  test('waits not there where it seems to have left on another connection, which cannot be read', () => {
    const left = (connection: number): readonly (readonly [string, readonly number[]])[] => {
      const built = watching().retransmits(10, 20, 40).on('c1').list(9, { at: 30 });
      const plain = built.upstream('u2').with({ protocol: 'tls' }).speaks('upstream', 599).end(600);
      const streams = plain.streams.map((stream) =>
        stream.id === 9
          ? { ...stream, timed: [{ hop: 0, connection, nearerClient: true, at: stream.opened }] }
          : stream,
      );
      const { windows } = buildIncident({ ...plain, streams });
      return windows.map(({ upstream, streams: hurtThere }) => [upstream, hurtThere.map(({ id }) => id)]);
    };
    expect(left(2)).toEqual([['u1', [7]]]);
    expect(left(1)).toEqual([['u1', [7, 9]]]);
  });

  test('waits for the attempt that the gateway made for it, and not on the dead connection too', () => {
    const built = watching()
      .retransmits(10, 20, 40)
      .on('c1')
      .list(9, { at: 30 })
      .answers(9, 503, 35)
      .ends(9, 35)
      .attempt('u2', { at: 30.001, to: '10.9.2.2:8080' })
      .sendsSynAgain(31, 33);
    expect(ids(built)).toEqual([
      ['u1', [7]],
      ['u2', [9]],
    ]);
  });

  test('waits with others for an attempt that was on its way already; once that is over, for the dead connection again', () => {
    const built = (at: number): TraceBuilder =>
      watching()
        .retransmits(10, 20, 40)
        .on('c1')
        .list(9, { at: 30 })
        .list(11, { at })
        .attempt('u2', { at: 30.001, to: '10.9.2.2:8080' })
        .sendsSynAgain(31, 33);
    expect(ids(built(32))).toEqual([
      ['u1', [7]],
      ['u2', [9, 11]],
    ]);
    expect(ids(built(35.9))).toEqual([
      ['u1', [7]],
      ['u2', [9]],
    ]);
    expect(ids(built(37))).toEqual([
      ['u1', [7, 11]],
      ['u2', [9]],
    ]);
  });

  test('went elsewhere once the gateway had closed the dead connection, or the upstream one whose GOAWAY it ignored', () => {
    const silent = watching().retransmits(10, 20, 40).closes('rst', 'gateway', 92).on('c1').list(9, { at: 100 });
    expect(ids(silent)).toEqual([['u1', [7]]]);
    const refused = (at: number): TraceBuilder =>
      watching()
        .on('c1')
        .list(9, { at: 20 })
        .on('u1')
        .carries(9, 5)
        .goaway('upstream', 21, 3)
        .closes('fin', 'upstream', 60)
        .on('c1')
        .list(11, { at });
    expect(ids(refused(50))).toEqual([['u1', [7, 9, 11]]]);
    expect(ids(refused(70))).toEqual([['u1', [7, 9]]]);
  });

  test('may have been sent at any time after the last packet of a gateway that fell mute', () => {
    const built = watching().speaks('gateway', 6).mute('gateway', 20, 21, 23, 27).on('c1').list(9, { at: 8 });
    expect(ids(built)).toEqual([['u1', [7, 9]]]);
  });
});

describe('what became of it', () => {
  test('an error of the gateway’s own, with its status; silent since it was asked', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').list(9, { at: 30 }).on('u1').carries(9, 5);
    const list = hurt(built.on('c1').answers(9, 503, 92).ends(9, 92)).find(({ id }) => id === 9);
    expect(list).toMatchObject({ outcome: 'gateway-error', status: 503, silentSinceNs: 30e9 });
  });

  test('cut off, where the gateway closed the client’s connection; not where the client did', () => {
    const closed = (by: 'gateway' | 'client'): readonly HurtStream[] =>
      hurt(watching().retransmits(10, 20, 40).on('c1').closes('fin', by, 92));
    expect(closed('gateway')).toMatchObject([{ outcome: 'reset', status: null }]);
    expect(closed('client')).toMatchObject([{ outcome: 'hung' }]);
  });

  test('a reset', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').resetsStream(7, 'gateway', 92);
    expect(hurt(built)).toMatchObject([{ outcome: 'reset', status: null }]);
  });

  test('finished, where it went on after all', () => {
    expect(hurt(watching().retransmits(10, 20, 40).answered(80).events(3, 81).ends(3, 90))).toMatchObject([
      { outcome: 'finished' },
    ]);
  });

  test('ended with a gRPC status that is no OK', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').grpcStatus(7, '14').ends(7, 92);
    expect(hurt(built)).toMatchObject([{ outcome: 'gateway-error', status: 200, grpcStatus: 14 }]);
  });

  test('hung, where nothing ever came', () => {
    expect(hurt(watching().retransmits(10, 20, 40))).toMatchObject([{ outcome: 'hung' }]);
  });

  test('a client that cancelled was not told', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').resetsStream(7, 'client', 50, 8);
    expect(hurt(built)).toMatchObject([{ outcome: 'hung' }]);
  });
});

test('a window that healed was silent since before it began, though the stream went on after', () => {
  const built = watching().retransmits(10, 20, 40).answered(80).events(3, 81, 82, 83);
  expect(hurt(built)).toMatchObject([{ silentSinceNs: 5.001e9 }]);
});

describe('how it recovered', () => {
  test('by the next request for the same on the same client connection, and who served it', () => {
    const built = watchingWithSpare()
      .retransmits(10, 20, 40)
      .closes('rst', 'gateway', 92)
      .on('c1')
      .resetsStream(7, 'gateway', 92.1)
      .list(9, { at: 93 })
      .on('u2')
      .carries(9, 1)
      .serves(1, 93.1);
    expect(hurt(built)).toMatchObject([{ id: 7, recoveredBy: { stream: { id: 9 }, upstream: 'u2' } }]);
  });

  test('as soon as it was over, whoever else still waits; what goes on hanging is not recovered', () => {
    const built = watchingWithSpare()
      .retransmits(10, 20, 40)
      .on('c1')
      .list(9, { at: 12 })
      .on('u1')
      .carries(9, 5)
      .on('c1')
      .answers(9, 504, 20)
      .ends(9, 20)
      .list(11, { at: 23 })
      .on('u2')
      .carries(11, 1)
      .serves(1, 23.1);
    expect(hurt(built)).toMatchObject([
      { id: 7, outcome: 'hung', recoveredBy: null },
      { id: 9, outcome: 'gateway-error', recoveredBy: { stream: { id: 11 }, upstream: 'u2' } },
    ]);
  });

  test('a request for something else recovers nothing, nor one that failed', () => {
    const built = watchingWithSpare()
      .retransmits(10, 20, 40)
      .closes('rst', 'gateway', 92)
      .on('c1')
      .resetsStream(7, 'gateway', 92.1)
      .request(9, { at: 93, path: '/api/v1/nodes' })
      .answers(9, 200, 93.1)
      .list(11, { at: 94 })
      .answers(11, 503, 94.1);
    expect(hurt(built)).toMatchObject([{ id: 7, recoveredBy: null }]);
  });

  test('by the upstream that was dead, where it came back', () => {
    const built = watching().retransmits(10, 20, 40).answered(60).ends(3, 61).on('c1').ends(7, 61);
    expect(hurt(built.list(9, { at: 93 }).on('u1').carries(9, 5).serves(5, 93.1))).toMatchObject([
      { id: 7, recoveredBy: { stream: { id: 9 }, upstream: 'u1' } },
    ]);
  });

  test('served by whom the capture does not show', () => {
    const built = watching()
      .retransmits(10, 20, 40)
      .closes('rst', 'gateway', 92)
      .on('c1')
      .resetsStream(7, 'gateway', 92.1)
      .list(9, { at: 93 })
      .answers(9, 200, 93.1);
    expect(hurt(built)).toMatchObject([{ recoveredBy: { stream: { id: 9 }, upstream: null } }]);
  });
});

test('a stream whose request was not captured is hurt, and nobody says what it was', () => {
  const built = trace()
    .client('c1', { midway: true })
    .openStream(7, 1)
    .upstream('u1', { midway: true })
    .carries(7, 3, { method: 'payload', matched: 4 })
    .retransmits(10, 20, 40);
  expect(hurt(built)).toMatchObject([{ id: 7, kind: 'unknown', path: null, upstreamStream: { id: 3 } }]);
});
