import { describe, expect, test } from 'vitest';
import { type Finding, type Report, SECTION_NAMES } from '../../../src/report/index.ts';
import { viewed, WHOLE_VIEW } from '../../../src/report/view.ts';
import { relativeText } from '../../../src/report/view/moment.ts';
import { isZone, localTime } from '../../../src/report/view/zone.ts';
import { parseTimestamp } from '../../../src/report/timestamp.ts';
import { renderText } from '../../../src/report/text.ts';
import { headlineText } from '../../../src/report/words/headline.ts';
import { composed, gatewayMute, healthy, recovered } from '../scenarios.ts';

const TELLERS = { gatewayMute, recovered, healthy };

function textOf(report: Report): string {
  return renderText(report, { width: 400, color: false, unicode: true, only: [], detail: 'usual' });
}

describe('the whole view', () => {
  test.each(Object.entries(TELLERS))('changes nothing: %s', (_, told) => {
    const report = composed(told());
    expect(viewed(report, WHOLE_VIEW)).toEqual(report);
  });
});

describe('another zone', () => {
  const berlin = localTime('Europe/Berlin');

  test.each([
    ['winter', '2026-11-23T23:30:00.000001Z', '2026-11-24T00:30:00.000001+01:00'],
    ['summer', '2026-07-01T23:30:00.123456789Z', '2026-07-02T01:30:00.123456789+02:00'],
    ['the hour that is twice', '2026-10-25T01:30:00.000000Z', '2026-10-25T02:30:00.000000+01:00'],
    ['and before', '2026-10-25T00:30:00.000000Z', '2026-10-25T02:30:00.000000+02:00'],
    ['a year of six digits', '+010000-01-01T00:00:00.000000Z', '+010000-01-01T01:00:00.000000+01:00'],
    ['later than Date knows', '+1000000-12-01T00:00:00.123456789Z', '+1000000-12-01T02:00:00.123456789+02:00'],
  ])('%s', (_, utc, local) => {
    expect(berlin(utc)).toBe(local);
    expect(parseTimestamp(local)).toBe(parseTimestamp(utc));
  });

  test('offsets of half an hour, west of Greenwich, and none', () => {
    expect(localTime('America/St_Johns')('2026-11-23T02:00:00.000000Z')).toBe('2026-11-22T22:30:00.000000-03:30');
    expect(localTime('Etc/UTC')('2026-11-23T02:00:00.000000Z')).toBe('2026-11-23T02:00:00.000000Z');
  });

  test('what is no time stays', () => {
    expect(berlin('handshake')).toBe('handshake');
  });

  test('no time of the report is left in UTC, in fields or in sentences', () => {
    for (const told of Object.values(TELLERS)) {
      const text = JSON.stringify(viewed(composed(told()), { ...WHOLE_VIEW, zone: 'Europe/Berlin' }));
      expect(text).not.toMatch(/\d\d:\d\d:\d\d(\.\d+)?Z/);
      expect(text).not.toMatch(/\bUTC(?!\+01:00)/);
    }
  });

  test('the text shows it, in its pictures too', () => {
    const text = textOf(viewed(composed(gatewayMute()), { ...WHOLE_VIEW, zone: 'Europe/Berlin' }));
    expect(text).toContain('2026-11-23 11:00:34.300 UTC+01:00');
    expect(text).toMatch(/0 s is 11:00:00\.000 UTC\+01:00/);
    expect(text).not.toMatch(/\b10:0\d:\d\d\.\d{3}/);
  });

  test('is one that Node knows', () => {
    expect(['UTC', 'Europe/Berlin', '+05:30', 'Europe/Atlantis', ''].map(isZone)).toEqual([
      true,
      true,
      expect.any(Boolean),
      false,
      false,
    ]);
  });
});

describe('seen from a moment', () => {
  test('each window says how far away it began and ended', () => {
    const report = viewed(composed(recovered()), { ...WHOLE_VIEW, at: '2026-11-23T10:05:02.000000Z' });
    expect(report.windows[0]?.story).toMatch(
      /Seen from 2026-11-23 10:05:02\.000 UTC: it began 4 min before and ended /,
    );
    expect(report.verdict.summary).toMatch(/the capture began 5 min 2 s before and ended /);
  });

  test('an open one is still so at the capture’s end', () => {
    const report = viewed(composed(gatewayMute()), { ...WHOLE_VIEW, at: '2026-11-23T09:00:00.000000Z' });
    expect(report.windows[0]?.story).toMatch(/it began 1 h 1 min after and is still open when the capture ends\.$/);
  });

  test('half a second is that moment', () => {
    const moment = parseTimestamp('2026-11-23T10:00:00.000000Z') ?? 0n;
    expect(relativeText('2026-11-23T10:00:00.400000Z', moment)).toBe('at that moment');
    expect(relativeText('2026-11-23T09:59:59.000000Z', moment)).toBe('1 s before');
  });
});

describe('a part of it', () => {
  const report = composed(gatewayMute());

  test('a connection: its windows with both legs and what stood by, its findings, and what is not shown', () => {
    const part = viewed(report, { ...WHOLE_VIEW, connections: ['c1'] });
    expect(part.windows.map(({ id }) => id)).toEqual(['w1']);
    expect(part.connections.map(({ id }) => id)).toEqual(['c1', 'u1', 'u2']);
    expect(part.verdict.summary).toContain('Shown here: c1; nothing is left out.');
  });

  test('one that nothing happened to has no window, and the verdict stays', () => {
    const part = viewed(report, { ...WHOLE_VIEW, connections: ['u9'] });
    expect(part.windows).toEqual([]);
    expect(part.verdict.state).toBe('half-dead');
    expect(part.verdict.summary).toMatch(
      / Nothing in this report matches u9 \(no connection here has this name\): connections are c1, u1 and u2\.$/,
    );
    expect(part.incidents).toEqual([]);
    expect(headlineText(part)).toBe('half-dead (confirmed): 1 window, none of which is shown here');
    const half = { ...report, windows: report.windows.slice(0, 1), verdict: { ...report.verdict, args: { count: 3 } } };
    expect(headlineText(half)).toMatch(/^half-dead \(confirmed\): 3 windows; shown here: 1 window, at least/);
  });

  test('a stream: the windows that hurt it', () => {
    const [hurt] = report.windows[0]?.streams ?? [];
    expect(viewed(report, { ...WHOLE_VIEW, stream: { tunnel: null, id: hurt?.id ?? 0 } }).windows).toHaveLength(1);
    const nothing = viewed(report, { ...WHOLE_VIEW, stream: { tunnel: null, id: 999 } });
    expect(nothing.windows).toEqual([]);
    expect(nothing.verdict.summary).toMatch(
      new RegExp(`Nothing in this report matches stream 999: hurt streams are ${hurt?.id} of c1 \\(w1\\)\\.$`),
    );
  });

  test('a stream in a tunnel: not the one of its number in another, nor the connection’s own', () => {
    const [window] = report.windows;
    const [hurt] = window?.streams ?? [];
    if (window === undefined || hurt === undefined) throw new Error('the story has a hurt stream');
    const id = hurt.id;
    const tunnelled = { ...report, windows: [window, { ...window, id: 'w2', streams: [{ ...hurt, tunnel: 1 }] }] };
    const shown = (tunnel: number | null): string[] =>
      viewed(tunnelled, { ...WHOLE_VIEW, stream: { tunnel, id } }).windows.map((each) => each.id);
    expect([shown(1), shown(3), shown(null)]).toEqual([['w2'], [], ['w1', 'w2']]);
    const { summary } = viewed(tunnelled, { ...WHOLE_VIEW, stream: { tunnel: 3, id } }).verdict;
    expect(summary).toContain(
      `Nothing in this report matches stream ${id} in tunnel 3: hurt streams are ${id} of c1 (w1) and`,
    );
  });

  test('a time: what overlaps it', () => {
    const ends = { ...WHOLE_VIEW, until: '2026-11-23T10:00:10.000000Z' };
    expect(viewed(report, ends).windows).toEqual([]);
    const begins = { ...WHOLE_VIEW, since: '2026-11-23T10:00:10.000000Z' };
    const later = viewed(report, begins);
    expect(later.windows).toHaveLength(1);
    // Its upstream was heard last before that, and what is found of it began before.
    const legs = later.windows.flatMap(({ client, upstream }) => [client, upstream]);
    expect(later.connections.map(({ id }) => id)).toEqual(expect.arrayContaining(legs));
    const isOfWindow = ({ connection }: Finding): boolean => legs.includes(connection ?? '');
    expect(later.findings.filter(isOfWindow)).toEqual(report.findings.filter(isOfWindow));
    const late = viewed(report, { ...WHOLE_VIEW, since: '2027-01-01T00:00:00.000000Z' });
    expect(late.connections).toEqual([]);
    expect(late.verdict.summary).toMatch(
      / Nothing in this report matches what ended after 2027-01-01 00:00:00\.000 UTC: the capture goes from 2026-11-23 \S+ UTC to 2026-11-23 \S+ UTC\.$/,
    );
  });

  test('sections that are left out are named, none where all are there', () => {
    const { summary } = viewed(report, { ...WHOLE_VIEW, only: ['findings', 'steps'] }).verdict;
    expect(summary).toBe(`${report.verdict.summary} Sections not shown: timeline, windows, connections and trust.`);
    expect(viewed(report, { ...WHOLE_VIEW, only: SECTION_NAMES })).toEqual(report);
  });

  test('links between connections that are not shown are left out, and windows name theirs by its new place', () => {
    const [link] = report.links;
    const [window] = report.windows;
    if (link === undefined || window === undefined) throw new Error('the story has a window and its link');
    const links = [{ ...link, client: 'c8', upstream: 'u8' }, { ...link, client: 'c1', upstream: 'u8' }, link];
    const whole = { ...report, links, windows: [{ ...window, link: 2 }] };
    const part = viewed(whole, { ...WHOLE_VIEW, connections: ['c1'] });
    expect([part.links, part.windows.map((each) => each.link)]).toEqual([[link], [0]]);
    expect(part.verdict.summary).toMatch(/; 2 links not shown\.$/);
    expect(viewed(whole, { ...WHOLE_VIEW, connections: ['u9'] }).links).toEqual([]);
  });
});

describe('how much the text tells', () => {
  const options = { width: 120, color: false, unicode: true, only: [], detail: 'usual' } as const;

  test('quiet: the verdict and a line a window', () => {
    expect(renderText(composed(gatewayMute()), { ...options, width: 140, detail: 'quiet' }).split('\n')).toEqual([
      expect.stringMatching(/^✖ half-dead \(confirmed\): 1 window/),
      expect.stringMatching(
        /^ {2}w1: c1 \(.*\) → u1 \(.*\), path-one-way, 2026-11-23 10:00:52\.000 UTC for at least 5 min 20 s, 1 stream hurt$/,
      ),
      '',
    ]);
    expect(renderText(composed(healthy()), { ...options, detail: 'quiet' })).toMatch(/^● healthy.*\n$/);
  });

  test('verbose: no evidence folded, and the thresholds', () => {
    const usual = renderText(composed(gatewayMute()), options);
    const verbose = renderText(composed(gatewayMute()), { ...options, detail: 'verbose' });
    expect(usual).toContain('more before)');
    expect(usual).not.toContain('Thresholds');
    expect(verbose).not.toContain('more before)');
    expect(verbose).toContain('deadTries 3: unanswered tries from which a peer counts as dead');
    expect(verbose).toContain('deadAfter 3 s: ');
  });

  test('only some sections, and the verdict always', () => {
    const text = renderText(composed(gatewayMute()), { ...options, only: ['findings', 'steps'] });
    expect(text).toMatch(/^✖ half-dead/);
    expect(text).toContain('\nFindings\n');
    expect(text).toContain('\nWhat to do\n');
    expect(text).not.toContain('Timeline');
    expect(text).not.toContain('Window w1');
  });
});
