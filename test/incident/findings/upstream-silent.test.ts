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
      { severity: 'warning', connection: 'u1', stream: 3, args: { quietNs: 480e9 } },
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
    const built = bookmarked(60, 120).flow('upstream', { gapBytes: 500 }).end(600);
    expect(findingsIn(built, 'upstream-silent')).toEqual([]);
  });
});
