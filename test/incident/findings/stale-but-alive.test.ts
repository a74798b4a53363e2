import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { trace } from '../../build/trace.ts';
import { findingsIn, watching } from '../stories.ts';

const PATH = '/api/v1/pods?watch=true&allowWatchBookmarks=true';

describe('stale-but-alive', () => {
  test('bookmarks stopped while the upstream goes on to answer at TCP', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1, path: PATH })
      .upstream('u1')
      .carries(7, 3)
      .answers(3, 200, 1.1)
      .events(3, 60, 120)
      .speaks('upstream', 300, 500)
      .end(600);
    expect(findingsIn(built, 'stale-but-alive')).toMatchObject([
      {
        severity: 'warning',
        connection: 'u1',
        stream: { id: 3 },
        args: { quietNs: 480e9, unanswered: 0, unfinished: 0 },
      },
    ]);
    expect(findingsIn(built, 'upstream-silent')).toEqual([]);
  });

  test('requests were taken and never answered', () => {
    const built = watching().on('c1').list(9, { at: 20 }).list(11, { at: 30 }).on('u1').carries(9, 5).carries(11, 7);
    const incident = buildIncident(built.end(100));
    expect(incident.findings.filter(({ code }) => code === 'stale-but-alive')).toMatchObject([
      { connection: 'u1', stream: null, args: { quietNs: 79.999e9, unanswered: 2 } },
    ]);
    expect(incident.verdict.state).toBe('suspect');
  });

  test('half a minute is the grace of a request, not more', () => {
    const asked = (): ReturnType<typeof watching> => watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5);
    expect(findingsIn(asked().end(49.9), 'stale-but-alive')).toEqual([]);
    expect(findingsIn(asked().end(50.1), 'stale-but-alive')).toHaveLength(1);
  });

  test('where others were answered after longer, no less is expected', () => {
    const slow = (): ReturnType<typeof watching> =>
      watching().on('c1').list(9, { at: 10 }).list(11, { at: 60 }).on('u1').carries(9, 5).answers(5, 200, 50);
    const built = (): ReturnType<typeof watching> => slow().ends(5, 50).carries(11, 7);
    expect(findingsIn(built().end(119), 'stale-but-alive')).toEqual([]);
    expect(findingsIn(built().end(121), 'stale-but-alive')).toHaveLength(1);
  });

  test('requests that the client gave up early count where the upstream said nothing at all', () => {
    const givenUp = watching()
      .on('c1')
      .list(9, { at: 20 })
      .on('u1')
      .carries(9, 5)
      .resetsStream(5, 'gateway', 30)
      .on('c1')
      .list(11, { at: 40 })
      .on('u1')
      .carries(11, 7)
      .resetsStream(7, 'gateway', 45);
    expect(findingsIn(givenUp.end(100), 'stale-but-alive')).toMatchObject([
      { connection: 'u1', args: { quietNs: 79.999e9, unanswered: 2 } },
    ]);
  });

  test('and not where a watch on the same connection went on', () => {
    const givenUp = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).resetsStream(5, 'gateway', 30);
    expect(findingsIn(givenUp.events(3, 60).end(100), 'stale-but-alive')).toEqual([]);
  });

  describe('a response that began and stopped', () => {
    /** A list that was answered at 20.1 and brought data until 21; nothing of it after. */
    const begun = (kind: 'list' | 'watch' | 'exec' = 'list'): ReturnType<typeof watching> =>
      watching().on('c1')[kind](9, { at: 20 }).on('u1').carries(9, 5).answers(5, 200, 20.1).events(5, 21);
    const stopped = (built: ReturnType<typeof watching>, end: number): unknown[] =>
      findingsIn(built.end(end), 'stale-but-alive').map(({ args }) => args);

    test('is waited for as long as one that never begins', () => {
      expect(stopped(begun(), 50.9)).toEqual([]);
      expect(stopped(begun(), 51.1)).toEqual([{ quietNs: 30.1e9, unanswered: 0, unfinished: 1 }]);
      expect(buildIncident(begun().end(100)).verdict).toMatchObject({
        state: 'suspect',
        reason: { kind: 'stalled-upstream', connection: 'u1' },
      });
    });

    test('not one that ended, goes on, or was given up sooner', () => {
      expect(stopped(begun().ends(5, 22), 100)).toEqual([]);
      expect(stopped(begun().events(5, 45, 70, 95), 100)).toEqual([]);
      expect(stopped(begun().resetsStream(5, 'gateway', 40), 100)).toEqual([]);
      expect(stopped(begun().resetsStream(5, 'gateway', 60), 100)).toHaveLength(1);
    });

    test('not one that had paused for as long before, nor one that was held back until lately', () => {
      expect(stopped(begun().events(5, 60), 95)).toEqual([]);
      expect(stopped(begun().events(5, 60), 101)).toHaveLength(1);
      const held = begun().spendsWindow('upstream', 21, { stream: 5, until: 75 });
      expect(stopped(held, 100)).toEqual([]);
      expect(stopped(held, 106)).toHaveLength(1);
    });

    test('not of a request that has no end of its own, as behind a 101', () => {
      const upgraded = watching()
        .on('c1')
        .list(9, { at: 20 })
        .on('u1')
        .carries(9, 5)
        .answers(5, 101, 20.1)
        .events(5, 21);
      expect(stopped(upgraded, 100)).toEqual([]);
      expect(stopped(begun('watch'), 100)).toEqual([]);
      expect(stopped(begun('exec'), 100)).toEqual([]);
    });

    test('not one that its reader holds back, or whose rest may be among the bytes that the capture lost', () => {
      expect(stopped(begun().spendsWindow('upstream', 21, { stream: 5 }), 100)).toEqual([]);
      expect(stopped(begun().flow('gateway', { zeroWindowAt: 21 }), 100)).toEqual([]);
      expect(stopped(begun().unread('upstream', 30, 40), 100)).toEqual([]);
    });
  });

  test('an exec answers when there is something to say', () => {
    const built = watching().on('c1').exec(9, { at: 20 }).on('u1').carries(9, 5).end(600);
    expect(findingsIn(built, 'stale-but-alive')).toEqual([]);
  });

  test('an upstream that is dead is not stale', () => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).retransmits(20.2, 21, 24).end(600);
    expect(findingsIn(built, 'stale-but-alive')).toEqual([]);
  });

  test('a response may be among the bytes that the capture lost, or in the direction that it lacks', () => {
    const asked = (): ReturnType<typeof watching> => watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5);
    const unread = (from: number, until: number): unknown[] =>
      findingsIn(asked().unread('upstream', from, until).end(600), 'stale-but-alive');
    expect(unread(19, 21)).toEqual([]);
    expect(unread(300, 301)).toEqual([]);
    // What was asked later is no part of what was lost before.
    expect(unread(1, 19)).toHaveLength(1);
    expect(findingsIn(asked().unseen('upstream').end(600), 'stale-but-alive')).toEqual([]);
  });
});
