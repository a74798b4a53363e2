import { describe, expect, test } from 'vitest';
import type { TraceBuilder } from '../../build/trace.ts';
import { findingsIn, watching } from '../stories.ts';

const REF = { file: 0, packet: 1, timeNs: 60e9 };

describe('upstream-probes-unanswered', () => {
  test('probes at a stable interval, no answer, then the gateway resets', () => {
    const built = watching().probes(60, 70, 80).closes('rst', 'gateway', 90).end(600);
    const [finding] = findingsIn(built, 'upstream-probes-unanswered');
    expect(finding).toMatchObject({ severity: 'critical', connection: 'u1' });
    expect(finding?.args).toEqual({ probes: 3, intervalNs: 10e9, thenClosed: true });
    expect(finding?.packets.map(({ timeNs }) => timeNs / 1e9)).toEqual([60, 70, 80, 90]);
  });

  test('the interval is that of the timer, as the rest of the report has it: a gap is late, and never early', () => {
    const interval = (built: TraceBuilder): number | null | undefined =>
      findingsIn(built.end(100), 'upstream-probes-unanswered')[0]?.args.intervalNs;
    expect(interval(watching().probes(60, 70.02, 80.3))).toBeCloseTo(10.02e9, -3);
    const known = { first: REF, last: REF, timeNs: 60e9, intervalNs: 10.01e9, unanswered: 3, gaveUp: null };
    expect(interval(watching().probes(60, 70.02, 80.3).flow('gateway', { keepAlive: known }))).toBe(10.01e9);
  });

  test('probes that still run when the capture ends', () => {
    const built = watching().probes(60, 70, 80).end(85);
    expect(findingsIn(built, 'upstream-probes-unanswered')[0]?.args.thenClosed).toBe(false);
  });

  test('two probes, and the gateway then gave up', () => {
    const built = watching().probes(60, 70).closes('rst', 'gateway', 80).on('c1').resetsStream(7, 'gateway', 80.1);
    expect(findingsIn(built.end(600), 'upstream-probes-unanswered')).toMatchObject([
      { severity: 'critical', args: { probes: 2, thenClosed: true } },
    ]);
  });

  test('two probes are too few', () => {
    expect(findingsIn(watching().probes(60, 70).end(600), 'upstream-probes-unanswered')).toEqual([]);
  });

  test('data in flight are another finding', () => {
    expect(findingsIn(watching().retransmits(60, 70, 80).end(600), 'upstream-probes-unanswered')).toEqual([]);
  });

  test('where the upstream was never seen, the capture cannot tell', () => {
    const built = watching().probes(60, 70, 80).unseen('upstream').end(600);
    expect(findingsIn(built, 'upstream-probes-unanswered')).toEqual([]);
  });
});
