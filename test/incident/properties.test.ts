import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import type { Trace } from '../../src/trace/index.ts';
import type { TraceBuilder } from '../build/trace.ts';
import { told, watching, watchingWithSpare } from './stories.ts';

/** Each a different way to go wrong, or right. */
const STORIES: readonly (() => TraceBuilder)[] = [
  () => watchingWithSpare(),
  () => watchingWithSpare().retransmits(10, 20, 40),
  () => watching().mute('gateway', 10, 10.2, 10.6, 11.4),
  () => watching().probes(60, 70, 80).closes('rst', 'gateway', 90).on('c1').resetsStream(7, 'gateway', 90.1),
  () => watching().probes(60, 70).closes('rst', 'gateway', 80).on('c1').resetsStream(7, 'gateway', 80.1),
  () => watching().pingsInVain('gateway', 30).closes('rst', 'gateway', 50).on('c1').resetsStream(7, 'gateway', 50.1),
  () => watching().closes('rst', 'upstream', 50),
  () => watching().closes('fin', 'upstream', 50),
  () => watching().mute('upstream', 10, 11, 13, 17).answered(50),
  () => watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 21, 3),
  () => watching().on('c1').list(9, { at: 20 }).attempt('u2', { at: 20.001 }).sendsSynAgain(21, 23, 27),
  () => watching().retransmits(10, 20, 40).client('c2', { at: 100 }).watch(1, { at: 100.1 }),
  () => watching().retransmits(10, 20, 40).unseen('upstream'),
  () => watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5),
  () => watching().on('c1').resetsStream(7, 'gateway', 305.001),
  () => watching().speaks('upstream', 100).retransmits(500, 502, 506),
  () => watching().pingsInVain('gateway', 30, 60),
];
const story = fc.constantFrom(...STORIES);

/** The same trace with each value under `key` changed. */
function changed<T>(value: T, key: string, change: (old: unknown) => unknown): T {
  const visit = (at: unknown): unknown => {
    if (Array.isArray(at)) return at.map(visit);
    if (at === null || typeof at !== 'object' || at instanceof Map) return at;
    return Object.fromEntries(
      Object.entries(at).map(([name, inner]) => [name, name === key ? change(inner) : visit(inner)]),
    );
  };
  return visit(value) as T;
}

function shape(built: Trace): object {
  const { verdict, findings } = buildIncident(built);
  return { verdict, findings: findings.map(({ code, severity, connection }) => [code, severity, connection]) };
}

test('when it happened changes nothing but the times', () => {
  fc.assert(
    fc.property(story, fc.integer({ min: -1_000_000, max: 1_000_000 }), (write, seconds) => {
      const here = write().end(600);
      const there = changed(here, 'timeNs', (old) => Number(old) + seconds * 1e9);
      expect(shape(there)).toEqual(shape(here));
      const spans = (built: Trace, shiftNs: number): object[] =>
        buildIncident(built).windows.map(({ fromNs, toNs, cause, end, streams }) => ({
          from: fromNs - shiftNs,
          to: toNs === null ? null : toNs - shiftNs,
          cause,
          end: end.how,
          streams: streams.map(({ id, outcome }) => [id, outcome]),
        }));
      expect(spans(there, seconds * 1e9)).toEqual(spans(here, 0));
    }),
    { numRuns: 100 },
  );
});

test('what the addresses are called changes nothing', () => {
  fc.assert(
    fc.property(story, fc.uniqueArray(fc.ipV6(), { minLength: 8, maxLength: 8 }), (write, names) => {
      const here = write().end(600);
      const renamed = new Map<unknown, string>();
      const there = changed(here, 'ip', (old) => {
        const name = renamed.get(old) ?? names[renamed.size] ?? String(old);
        renamed.set(old, name);
        return name;
      });
      expect(shape(there)).toEqual(shape(here));
      expect(told(buildIncident(there))).toEqual(told(buildIncident(here)));
    }),
    { numRuns: 100 },
  );
});

test('a healthy client beside it, on connections of its own, changes neither verdict nor windows', () => {
  fc.assert(
    fc.property(story, fc.integer({ min: 0, max: 300 }), (write, at) => {
      const alone = buildIncident(write().end(600));
      const built = write()
        .client('other', { at, from: '10.9.1.99:51000' })
        .request(1, { at: at + 0.1, path: '/api/v1/nodes' })
        .upstream('its', { at, from: '10.9.0.2:41000', to: '10.9.3.9:9443' })
        .carries(1, 1)
        .serves(1, at + 0.2);
      const beside = buildIncident(built.end(600));
      expect(beside.verdict.state).toBe(alone.verdict.state);
      const windows = ({ windows: all }: typeof alone): object[] =>
        all.map(({ fromNs, toNs, cause, end, confidence, streams }) => ({
          fromNs,
          toNs,
          cause,
          end,
          confidence,
          streams,
        }));
      expect(windows(beside).map((window) => ({ ...window, end: null }))).toEqual(
        windows(alone).map((window) => ({ ...window, end: null })),
      );
    }),
    { numRuns: 100 },
  );
});

test('every window has a critical finding, and none is critical without a window', () => {
  for (const write of STORIES) {
    const { windows, findings } = buildIncident(write().end(600));
    expect(findings.some(({ severity }) => severity === 'critical')).toBe(windows.length > 0);
  }
});

test('the same trace gives the same incident', () => {
  fc.assert(
    fc.property(story, (write) => {
      expect(buildIncident(write().end(600))).toEqual(buildIncident(write().end(600)));
    }),
    { numRuns: 20 },
  );
});
