import { describe, expect, test } from 'vitest';
import type { TraceBuilder } from '../../build/trace.ts';
import { findingsIn, watching } from '../stories.ts';

describe('gateway-made-response', () => {
  test.each([408, 502, 503, 504])('a %d without an upstream response', (status) => {
    const built = watching().on('c1').list(9, { at: 20 }).answers(9, status, 35).end(600);
    expect(findingsIn(built, 'gateway-made-response')).toMatchObject([
      { severity: 'warning', connection: 'c1', args: { status, count: 1 } },
    ]);
  });

  test('gRPC’s UNAVAILABLE, whose status is 200 all the same, is told apart from a 503', () => {
    const built = watching().on('c1').list(9, { at: 20 }).answers(9, 200, 35).grpcStatus(9, '14').ends(9, 35);
    built.list(11, { at: 36 }).answers(11, 503, 40);
    expect(findingsIn(built.end(600), 'gateway-made-response')).toMatchObject([
      { args: { status: 200, grpcStatus: 14, count: 1 } },
      { args: { status: 503, grpcStatus: null, count: 1 } },
    ]);
  });

  test('in a window it is part of the proof', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').answers(7, 503, 92).ends(7, 92).end(600);
    expect(findingsIn(built, 'gateway-made-response')).toMatchObject([{ severity: 'critical' }]);
  });

  test('several of one status are one finding', () => {
    const built = watching()
      .on('c1')
      .list(9, { at: 20 })
      .answers(9, 503, 35)
      .list(11, { at: 40 })
      .answers(11, 503, 55)
      .end(600);
    expect(findingsIn(built, 'gateway-made-response')).toMatchObject([{ args: { status: 503, count: 2 } }]);
  });

  test('a 503 that the upstream sent is the upstream’s', () => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).answers(5, 503, 21).end(600);
    expect(findingsIn(built, 'gateway-made-response')).toEqual([]);
  });

  test('a 500 is no word of a proxy', () => {
    const built = watching().on('c1').list(9, { at: 20 }).answers(9, 500, 35).end(600);
    expect(findingsIn(built, 'gateway-made-response')).toEqual([]);
  });

  test('a status that cannot be read may have been anything', () => {
    const built = watching().on('c1').list(9, { at: 20 }).answers(9, null, 35).end(600);
    expect(findingsIn(built, 'gateway-made-response')).toEqual([]);
  });

  test('an upstream whose answers cannot be read may have sent it', () => {
    const waits = (): TraceBuilder => watching().on('c1').list(9, { at: 20 }).answers(9, 503, 35);
    const unread = { protocol: 'tls' } as const;
    expect(findingsIn(waits().upstream('u2').with(unread).end(600), 'gateway-made-response')).toEqual([]);
    const lost = (from: number, until: number): unknown[] => {
      const story = waits().upstream('u2').flow('upstream', { bytes: 100 }).unread('upstream', from, until);
      return findingsIn(story.end(600), 'gateway-made-response');
    };
    expect(lost(30, 34)).toEqual([]);
    expect(lost(10, 19)).toHaveLength(1);
    expect(lost(36, 50)).toHaveLength(1);
    // It was not there any more, or the request is known to have gone elsewhere.
    const gone = waits().upstream('u2').closes('rst', 'upstream', 15).with(unread);
    expect(findingsIn(gone.end(600), 'gateway-made-response')).toHaveLength(1);
    const elsewhere = waits().on('u1').carries(9, 5).upstream('u2').with(unread);
    expect(findingsIn(elsewhere.end(600), 'gateway-made-response')).toHaveLength(1);
  });

  describe('what goes through a tunnel that cannot be read', () => {
    /** An upstream connection with a CONNECT stream through which both speak; a client gets a 503 at 35 for what it asked at 20. */
    const tunnelled = (status: number, first: number, ...more: readonly number[]): unknown[] => {
      const story = watching().on('c1').list(9, { at: 20 }).answers(9, 503, 35);
      story
        .upstream('u2')
        .connects(1, first)
        .answers(1, status, first)
        .types(1, first)
        .events(1, first, ...more);
      return findingsIn(story.end(600), 'gateway-made-response');
    };

    test('may have been it while the client waited', () => {
      expect(tunnelled(200, 2, 30)).toEqual([]);
      expect(tunnelled(200, 21)).toEqual([]);
      expect(tunnelled(200, 2, 19, 36, 100)).toEqual([]);
    });

    test('was not before, nor after, nor where a longer pause spans the wait', () => {
      expect(tunnelled(200, 2, 19)).toHaveLength(1);
      expect(tunnelled(200, 36, 40)).toHaveLength(1);
      expect(tunnelled(200, 19, 36)).toHaveLength(1);
    });

    test('is nothing where the CONNECT was refused: a body that says so is no tunnel', () => {
      expect(tunnelled(403, 2, 30)).toHaveLength(1);
    });
  });

  test('says why, where the body did', () => {
    const built = watching()
      .on('c1')
      .list(9, { at: 20 })
      .answers(9, 503, 35)
      .says(9, 'no-healthy-upstream', 35)
      .end(600);
    expect(findingsIn(built, 'gateway-made-response')).toMatchObject([{ args: { reason: 'no-healthy-upstream' } }]);
  });

  test('a Kubernetes Status is an apiserver’s word, though the capture has no upstream that sent it', () => {
    const built = watching()
      .on('c1')
      .list(9, { at: 20 })
      .answers(9, 503, 35)
      .says(9, 'ServiceUnavailable', 35)
      .end(600);
    expect(findingsIn(built, 'gateway-made-response')).toEqual([]);
  });
});
