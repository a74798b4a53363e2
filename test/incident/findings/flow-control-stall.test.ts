import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { findingsIn, watching } from '../stories.ts';

describe('flow-control-stall', () => {
  test("a stream's window stays spent: the reader is at fault, and nothing is half-dead", () => {
    const built = watching().on('c1').spendsWindow('gateway', 20, { stream: 7 }).end(600);
    expect(findingsIn(built, 'flow-control-stall')).toMatchObject([
      {
        severity: 'warning',
        connection: 'c1',
        stream: { id: 7 },
        args: { reader: 'client', window: 'stream', streams: 1, spanNs: 580e9, stillOpen: true },
      },
    ]);
    expect(buildIncident(built).verdict.state).toBe('healthy');
  });

  test('behind a gateway that does not read, the upstream is not to blame', () => {
    const built = watching().on('u1').spendsWindow('upstream', 20, { stream: 3 }).end(600);
    expect(findingsIn(built, 'flow-control-stall')).toMatchObject([{ connection: 'u1', args: { reader: 'client' } }]);
  });

  test("the connection's window is told once, with the streams that it stops", () => {
    const built = watching().on('c1').list(9, { at: 10 }).spendsWindow('gateway', 20, {});
    built.spendsWindow('gateway', 20, { stream: 7 });
    expect(findingsIn(built.end(600), 'flow-control-stall')).toMatchObject([
      { stream: null, args: { window: 'connection', streams: 2 } },
    ]);
  });

  test('opened again in the end: it explains a pause, and is no trouble any more', () => {
    const built = watching().on('c1').spendsWindow('gateway', 20, { stream: 7, until: 80 }).end(600);
    expect(findingsIn(built, 'flow-control-stall')).toMatchObject([
      { severity: 'info', args: { spanNs: 60e9, stillOpen: false }, packets: [{ timeNs: 20e9 }, { timeNs: 80e9 }] },
    ]);
  });

  test('less than a client waits is a slow reader', () => {
    const built = watching().on('c1').spendsWindow('gateway', 20, { stream: 7, until: 49 }).end(600);
    expect(findingsIn(built, 'flow-control-stall')).toEqual([]);
  });

  test('where the response ended with the window there was nothing more to send', () => {
    const built = watching()
      .ends(3, 20.1)
      .on('c1')
      .spendsWindow('gateway', 20, { stream: 7 })
      .spendsWindow('gateway', 20, {});
    expect(findingsIn(built.end(600), 'flow-control-stall')).toEqual([]);
  });

  test('one that was reset was stopped until then', () => {
    const built = watching().on('c1').spendsWindow('gateway', 20, { stream: 7 }).resetsStream(7, 'client', 60).end(600);
    expect(findingsIn(built, 'flow-control-stall')).toMatchObject([{ args: { spanNs: 40e9 } }]);
  });

  test('a reader that died gives no window either', () => {
    const built = watching()
      .on('c1')
      .spendsWindow('gateway', 20, { stream: 7 })
      .mute('client', 20, 21, 23, 27)
      .end(600);
    expect(findingsIn(built, 'flow-control-stall')).toEqual([]);
  });

  test('bookmarks that stopped because nobody read them say nothing of the upstream', () => {
    const bookmarked = '/api/v1/pods?watch=true&allowWatchBookmarks=true';
    const story = () =>
      watching()
        .on('c1')
        .watch(9, { at: 1, path: bookmarked })
        .on('u1')
        .carries(9, 5)
        .answers(5, 200, 1.2)
        .events(5, 30, 90);
    expect(buildIncident(story().end(900)).verdict.state).toBe('suspect');
    expect(buildIncident(story().spendsWindow('upstream', 90, { stream: 5 }).end(900)).verdict.state).toBe('healthy');
    expect(buildIncident(story().flow('gateway', { zeroWindowAt: 90 }).end(900)).verdict.state).toBe('healthy');
  });
});
