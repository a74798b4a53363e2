import { describe, expect, test } from 'vitest';
import type { TraceBuilder } from '../../build/trace.ts';
import { trace } from '../../build/trace.ts';
import { findingsIn } from '../stories.ts';

function watchFor(seconds: string): TraceBuilder {
  const path = `/api/v1/pods?watch=true&timeoutSeconds=${seconds}`;
  return trace().client('c1').watch(7, { at: 1, path }).upstream('u1').carries(7, 3).answers(3, 200, 1.1);
}

describe('watch-overdue', () => {
  test('a watch of five minutes is still open after ten', () => {
    expect(findingsIn(watchFor('300').end(601), 'watch-overdue')).toMatchObject([
      {
        severity: 'warning',
        connection: 'c1',
        stream: { id: 7 },
        args: { timeoutSeconds: 300, openNs: 600e9, bookmarksQuietNs: null },
      },
    ]);
  });

  test('hurt by a window it is part of the proof', () => {
    const built = watchFor('300').retransmits(10, 20, 40).end(601);
    expect(findingsIn(built, 'watch-overdue')).toMatchObject([{ severity: 'critical' }]);
  });

  test('a minute past its time is grace, not more', () => {
    expect(findingsIn(watchFor('300').end(361), 'watch-overdue')).toEqual([]);
    expect(findingsIn(watchFor('300').end(361.1), 'watch-overdue')).toHaveLength(1);
  });

  test('one that its server ended in time is not overdue', () => {
    expect(findingsIn(watchFor('300').ends(3, 301).end(601), 'watch-overdue')).toEqual([]);
  });

  test('one whose connection closed ended with it', () => {
    const built = watchFor('300').on('c1').closes('rst', 'client', 200).end(601);
    expect(findingsIn(built, 'watch-overdue')).toEqual([]);
  });

  test('a time-out that cannot be read, or a stream whose request was not captured, gives no deadline', () => {
    expect(findingsIn(watchFor('soon').end(601), 'watch-overdue')).toEqual([]);
    const built = trace().client('c1', { midway: true }).openStream(7, 1).upstream('u1').end(601);
    expect(findingsIn(built, 'watch-overdue')).toEqual([]);
  });

  describe('bookmarks that stopped', () => {
    const path = '/api/v1/pods?watch=true&allowWatchBookmarks=true';
    const bookmarked = (): TraceBuilder =>
      trace()
        .client('c1')
        .watch(7, { at: 1, path })
        .upstream('u1')
        .carries(7, 3)
        .answers(3, 200, 1.1)
        .events(3, 61, 121);

    test('are missed after three and a half minutes, whatever timeout it asked for', () => {
      // The last event reached the client at 121.001.
      expect(findingsIn(bookmarked().end(331.001), 'watch-overdue')).toMatchObject([
        {
          connection: 'c1',
          stream: { id: 7 },
          args: { timeoutSeconds: null, openNs: 330.001e9, bookmarksQuietNs: 210e9 },
        },
      ]);
      expect(findingsIn(bookmarked().end(331), 'watch-overdue')).toEqual([]);
    });

    test('are not due on a watch that did not ask for them, or never had one', () => {
      const unasked = watchFor('3600').events(3, 61, 121).end(600);
      expect(findingsIn(unasked, 'watch-overdue')).toEqual([]);
      const never = trace().client('c1').watch(7, { at: 1, path }).upstream('u1').carries(7, 3).answers(3, 200, 1.1);
      expect(findingsIn(never.end(600), 'watch-overdue')).toEqual([]);
    });

    test('hurt by a window they are part of the proof, and told with the timeout in one finding', () => {
      const built = trace()
        .client('c1')
        .watch(7, { at: 1, path: `${path}&timeoutSeconds=300` })
        .upstream('u1')
        .carries(7, 3)
        .answers(3, 200, 1.1)
        .events(3, 61, 121)
        .retransmits(130, 132, 136, 144)
        .end(601);
      expect(findingsIn(built, 'watch-overdue')).toMatchObject([
        { severity: 'critical', args: { timeoutSeconds: 300, openNs: 600e9, bookmarksQuietNs: 479.999e9 } },
      ]);
    });
  });
});
