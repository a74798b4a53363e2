import { describe, expect, test } from 'vitest';
import { renderPerfetto } from '../../src/report/perfetto.ts';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: string;
  readonly cat?: string;
}

function eventsOf(report: Report): readonly Event[] {
  const trace = JSON.parse([...renderPerfetto(report)].join('')) as { readonly traceEvents: readonly Event[] };
  return trace.traceEvents;
}

const STORIES = { gatewayMute, recovered, healthy, inconclusive };
const RECORDED = ['samples/gateway.pcap', 'samples/gateway-keepalive.pcap', 'samples/gateway-healthy.pcap'];

const REPORTS: readonly (readonly [name: string, report: Report])[] = [
  ...Object.entries(STORIES).map(([name, told]) => [name, composed(told())] as const),
  ...(await Promise.all(RECORDED.map(async (path) => [path, await reportOn(path)] as const))),
];

describe.each(REPORTS)('%s', (_, report) => {
  const events = eventsOf(report);

  test('slices of one track never overlap', () => {
    const tracks = new Set(events.map(({ pid, tid }) => `${pid} ${tid}`));
    for (const key of tracks) {
      const track = events.filter(({ pid, tid }) => `${pid} ${tid}` === key);
      const slices = track.filter(({ ph }) => ph === 'X').toSorted((a, b) => (a.ts ?? 0) - (b.ts ?? 0));
      for (const [i, slice] of slices.entries()) {
        const next = slices[i + 1];
        if (next !== undefined) expect((slice.ts ?? 0) + (slice.dur ?? 0)).toBeLessThanOrEqual((next.ts ?? 0) + 0.001);
      }
    }
    expect(events.filter(({ ph }) => ph === 'X').length).toBeGreaterThanOrEqual(report.connections.length);
  });

  test('each stream begins once and ends once, later', () => {
    const begun = events.filter(({ ph }) => ph === 'b');
    expect(begun).toHaveLength(report.connections.reduce((sum, { streams }) => sum + streams.length, 0));
    expect(new Set(begun.map(({ id }) => id)).size).toBe(begun.length);
    for (const { id, ts } of begun) {
      const ends = events.filter((event) => event.ph === 'e' && event.id === id);
      expect(ends).toHaveLength(1);
      expect(ends[0]?.ts).toBeGreaterThanOrEqual(ts ?? 0);
    }
  });

  test('no time is before the capture, and every track has a name', () => {
    const named = new Set(events.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid} ${tid}`));
    for (const { ph, pid, tid, ts, cat } of events) {
      if (ph === 'M') continue;
      expect(ts).toBeGreaterThanOrEqual(0);
      if (cat !== 'finding') expect(named).toContain(`${pid} ${tid}`);
    }
  });
});

test('a window is a slice with its cause, on a track of its own pair, and an arrow goes to where its stream hung', () => {
  const report = composed(gatewayMute());
  const events = eventsOf(report);
  const [window] = events.filter(({ cat }) => cat === 'window');
  expect(window).toMatchObject({ ph: 'X', name: 'half-dead w1: u1 (10.9.2.2:8080) path-one-way', ts: 52e6 });
  expect(window?.dur).toBeCloseTo((report.windows[0]?.duration ?? 0) * 1e6, -1);
  expect(events.filter(({ ph }) => ph === 's' || ph === 'f').map(({ ph, id }) => `${ph} ${id}`)).toEqual([
    's w1.7',
    'f w1.7',
  ]);
});

test('what came from the wire is data, never structure', () => {
  const path = '/api/"},{"ph":"X"\u2028\n\\';
  const events = eventsOf(composed(gatewayMute(path)));
  expect(events.filter(({ name }) => name.includes('"},{"ph":"X"')).length).toBeGreaterThan(0);
});

test('a sample with thousands of marks is written as it is made', async () => {
  const report = await reportOn('samples/gateway-keepalive.pcap');
  const parts = [...renderPerfetto(report)];
  expect(parts.length).toBeGreaterThan(50);
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(10_000);
});
