import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import type { TraceBuilder } from '../../build/trace.ts';
import { trace } from '../../build/trace.ts';
import { findingsIn } from '../stories.ts';

const PATH = '/api/v1/pods?watch=true&allowWatchBookmarks=true';

function bookmarked(...bookmarks: readonly number[]): TraceBuilder {
  return trace()
    .client('c1')
    .watch(7, { at: 1, path: PATH })
    .upstream('u1')
    .carries(7, 3)
    .answers(3, 200, 1.1)
    .events(3, ...bookmarks);
}

describe('upstream-silent', () => {
  test('bookmarks came each minute, and then nothing at all', () => {
    const built = bookmarked(60, 120).end(600);
    expect(findingsIn(built, 'upstream-silent')).toMatchObject([
      { severity: 'warning', connection: 'u1', stream: { id: 3 }, args: { quietNs: 480e9, deadBeside: null } },
    ]);
    expect(buildIncident(built).verdict).toMatchObject({
      state: 'suspect',
      reason: { kind: 'stalled-upstream', connection: 'u1' },
    });
  });

  test('three missing bookmarks are not enough, the fourth is overdue by half', () => {
    expect(findingsIn(bookmarked(60, 120).end(329), 'upstream-silent')).toEqual([]);
    expect(findingsIn(bookmarked(60, 120).end(331), 'upstream-silent')).toHaveLength(1);
  });

  test('events came every few seconds, and then neither they nor a bookmark', () => {
    const EVENTS = [3, 6, 8, 11, 15, 17, 20];
    const silent = (built: TraceBuilder): unknown => findingsIn(built.end(130), 'upstream-silent').length;
    expect(silent(bookmarked(...EVENTS))).toBe(1);
    expect(findingsIn(bookmarked(...EVENTS).end(94), 'upstream-silent')).toEqual([]);
    expect(findingsIn(bookmarked(...EVENTS).end(96), 'upstream-silent')).toHaveLength(1);
    // What a watch begins with comes at once, and is no rhythm.
    expect(findingsIn(bookmarked(2, 2.01, 2.02).end(600), 'upstream-silent')).toEqual([]);
    expect(findingsIn(bookmarked(4, 7, 10, 13, 15.9).end(300), 'upstream-silent')).toEqual([]);
    expect(findingsIn(bookmarked(4, 7, 10, 13, 16.1).end(300), 'upstream-silent')).toHaveLength(1);
    // What came at irregular times before may come later still.
    expect(silent(bookmarked(3, 6, 8, 20))).toBe(0);
    // Somebody there answers others.
    expect(
      silent(
        bookmarked(...EVENTS)
          .on('c1')
          .list(9, { at: 60 })
          .on('u1')
          .carries(9, 5)
          .serves(5, 61),
      ),
    ).toBe(0);
    // Nobody waits for it any more.
    expect(
      silent(
        bookmarked(...EVENTS)
          .on('c1')
          .resetsStream(7, 'client', 30, 8)
          .on('u1')
          .resetsStream(3, 'gateway', 30, 8),
      ),
    ).toBe(0);
  });

  test('bookmarks that go on are no silence', () => {
    const built = bookmarked(60, 120, 180, 240, 300, 360, 420, 480, 540).end(600);
    expect(findingsIn(built, 'upstream-silent')).toEqual([]);
  });

  test('a watch that never had a rhythm gives no expectation', () => {
    expect(findingsIn(bookmarked(2).end(600), 'upstream-silent')).toEqual([]);
  });

  test('a watch that asked for no bookmarks gives none either', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .upstream('u1')
      .carries(7, 3)
      .answers(3, 200, 1.1)
      .events(3, 60, 120)
      .end(600);
    expect(findingsIn(built, 'upstream-silent')).toEqual([]);
  });

  test('where the capture lost bytes, the bookmarks may be among them', () => {
    const unread = (from: number, until: number): unknown[] =>
      findingsIn(bookmarked(60, 120).unread('upstream', from, until).end(600), 'upstream-silent');
    expect(unread(180, 181)).toEqual([]);
    expect(unread(61, 90)).toHaveLength(1);
  });
});

describe('upstream-silent, beside a dead connection to the same server', () => {
  const SERVER = { to: '10.9.2.2:8080' };

  /** A watch on u1 with its last event at 5 s, and u2 to the same server. */
  function quiet(): TraceBuilder {
    return trace()
      .client('c1')
      .watch(7, { at: 1 })
      .upstream('u1', SERVER)
      .carries(7, 3)
      .answers(3, 200, 1.1)
      .events(3, 2, 4, 5)
      .upstream('u2', SERVER);
  }

  test('a watch that nothing tests is silent too, since its server is heard nowhere', () => {
    const built = quiet().retransmits(10, 20, 40).end(60);
    expect(findingsIn(built, 'upstream-silent')).toMatchObject([
      { severity: 'warning', connection: 'u1', stream: { id: 3 }, args: { quietNs: 55e9, deadBeside: 'u2' } },
    ]);
    expect(buildIncident(built).verdict.state).toBe('suspect');
  });

  test('an attempt that is never answered says the same of the server', () => {
    const built = quiet()
      .speaks('upstream', 6)
      .attempt('u3', { ...SERVER, at: 20 })
      .sendsSynAgain(21, 23, 27)
      .end(60);
    expect(findingsIn(built, 'upstream-silent')).toMatchObject([{ connection: 'u1', args: { deadBeside: 'u3' } }]);
  });

  test.each<[string, (built: TraceBuilder) => TraceBuilder]>([
    ['the server is heard on a third', (built) => built.upstream('u3', SERVER).speaks('upstream', 30)],
    ['it came back', (built) => built.answered(50)],
    ['the watch had been quiet for longer before', (built) => built.on('u1').events(3, 70)],
    ['the response was over', (built) => built.on('u1').ends(3, 6)],
    ['the capture lost bytes of it since', (built) => built.on('u1').unread('upstream', 20, 30)],
  ])('but not where %s', (_, change) => {
    expect(findingsIn(change(quiet().retransmits(10, 20, 40)).end(100), 'upstream-silent')).toEqual([]);
  });

  test('nor where it is another server that died', () => {
    const built = quiet().upstream('u3', { to: '10.9.3.2:8080' }).retransmits(10, 20, 40).end(60);
    expect(findingsIn(built, 'upstream-silent')).toEqual([]);
  });
});
