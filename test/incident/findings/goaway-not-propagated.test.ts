import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('goaway-not-propagated', () => {
  test('a GOAWAY refused the stream, and the client waits on', () => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 21, 3).end(600);
    expect(findingsIn(built, 'goaway-not-propagated')).toMatchObject([
      { severity: 'critical', connection: 'u1', args: { lastStreamId: 3, waitedNs: 579e9, streams: 1 } },
    ]);
  });

  test('streams that the GOAWAY allows may go on', () => {
    const built = watching().goaway('upstream', 21, 3).events(3, 30, 60).end(600);
    expect(findingsIn(built, 'goaway-not-propagated')).toEqual([]);
  });

  test('what runs in a tunnel is refused by the number of the stream that carries it', () => {
    const inTunnel = (inner: number, carrier: number): unknown[] => {
      const story = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, inner).connects(carrier, 19, inner);
      return findingsIn(story.goaway('upstream', 21, 5).end(600), 'goaway-not-propagated');
    };
    expect(inTunnel(1, 7)).toMatchObject([{ args: { lastStreamId: 5, streams: 1 } }]);
    expect(inTunnel(9, 5)).toEqual([]);
  });

  test('the first GOAWAY of a graceful close refuses nothing (RFC 9113 §6.8)', () => {
    const built = watching()
      .on('c1')
      .list(9, { at: 20 })
      .on('u1')
      .carries(9, 5)
      .goaway('upstream', 21, 2 ** 31 - 1);
    expect(findingsIn(built.end(600), 'goaway-not-propagated')).toEqual([]);
  });

  test('the capture ends before anybody could say that it was ignored', () => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 21, 3).end(23);
    expect(findingsIn(built, 'goaway-not-propagated')).toEqual([]);
  });
});
