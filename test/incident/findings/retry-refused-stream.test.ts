import { describe, expect, test } from 'vitest';
import { findingsIn, watching, watchingWithSpare } from '../stories.ts';

const REFUSED_STREAM = 7;
const CANCEL = 8;

describe('retry-refused-stream', () => {
  test('refused, and sent again to another upstream: safe, and done', () => {
    const built = watchingWithSpare()
      .on('c1')
      .list(9, { at: 20 })
      .on('u1')
      .carries(9, 5)
      .resetsStream(5, 'upstream', 20.01, REFUSED_STREAM)
      .on('u2')
      .carries(9, 1, { at: 20.02 })
      .serves(1, 20.1)
      .end(600);
    expect(findingsIn(built, 'retry-refused-stream')).toMatchObject([
      { severity: 'info', connection: 'u1', args: { streams: 1, retried: 1 } },
    ]);
  });

  test('refused and not sent again', () => {
    const built = watchingWithSpare()
      .on('c1')
      .list(9, { at: 20 })
      .answers(9, 503, 20.02)
      .on('u1')
      .carries(9, 5)
      .resetsStream(5, 'upstream', 20.01, REFUSED_STREAM)
      .end(600);
    expect(findingsIn(built, 'retry-refused-stream')).toMatchObject([
      { severity: 'warning', args: { streams: 1, retried: 0 } },
    ]);
  });

  test('a GOAWAY refuses what is above its last stream id (RFC 9113 §6.8)', () => {
    const built = watchingWithSpare().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 20.01, 3);
    expect(findingsIn(built.end(600), 'retry-refused-stream')).toMatchObject([{ args: { streams: 1, retried: 0 } }]);
  });

  test('a GOAWAY that names the stream processed it', () => {
    const built = watchingWithSpare().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 20.01, 5);
    expect(findingsIn(built.end(600), 'retry-refused-stream')).toEqual([]);
  });

  test('a GOAWAY counts what runs in a tunnel by the stream that carries it', () => {
    const inTunnel = (inner: number, carrier: number): unknown[] => {
      const story = watchingWithSpare().on('c1').list(9, { at: 20 }).on('u1').carries(9, inner);
      return findingsIn(
        story.connects(carrier, 19, inner).goaway('upstream', 20.01, 5).end(600),
        'retry-refused-stream',
      );
    };
    expect(inTunnel(1, 7)).toMatchObject([{ args: { streams: 1, retried: 0 } }]);
    expect(inTunnel(9, 5)).toEqual([]);
  });

  test('other resets are no refusals', () => {
    const built = watching().resetsStream(3, 'upstream', 20, CANCEL).end(600);
    expect(findingsIn(built, 'retry-refused-stream')).toEqual([]);
  });

  test('a stream above the last id whose request was not captured may be anything', () => {
    const built = watching().openStream(9, 10).goaway('upstream', 20, 3).end(600);
    expect(findingsIn(built, 'retry-refused-stream')).toEqual([]);
  });
});
