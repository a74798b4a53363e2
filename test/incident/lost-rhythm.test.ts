import { describe, expect, test } from 'vitest';
import { buildIncident, type Finding } from '../../src/incident/index.ts';
import type { Flow } from '../../src/trace/index.ts';
import type { Speaker, TraceBuilder } from '../build/trace.ts';
import { findingsIn, watching } from './stories.ts';

const S = 1e9;
const PROBED_AT = 20;

/** The upstream's kernel probed an idle connection every so often, and was answered. */
function probed(timeNs: number | null = 15 * S, who: Speaker = 'upstream'): TraceBuilder {
  const at = { file: 0, packet: 9, timeNs: PROBED_AT * S };
  const keepAlive: Flow['keepAlive'] = { first: at, last: at, timeNs, intervalNs: null, unanswered: 0, gaveUp: null };
  return watching()
    .flow(who, { keepAliveProbes: 1, keepAliveAnswered: 1, keepAlive })
    .speaks('upstream', PROBED_AT)
    .speaks('gateway', PROBED_AT + 0.001);
}

const silent = (story: TraceBuilder, end: number): Finding[] => findingsIn(story.end(end), 'upstream-silent');

describe('an upstream that probed an idle connection, and does not any more', () => {
  test('is silent when three probes are due: suspect, and nothing surer', () => {
    expect(silent(probed(), 65)).toEqual([]);
    expect(buildIncident(probed().end(65)).verdict.state).toBe('healthy');
    expect(silent(probed(), 65.1)).toMatchObject([
      { severity: 'warning', connection: 'u1', stream: null, args: { rhythm: 'probe', everyNs: 15 * S } },
    ]);
    expect(buildIncident(probed().end(600))).toMatchObject({
      windows: [],
      verdict: { state: 'suspect', confidence: 'possible', reason: { kind: 'stalled-upstream', connection: 'u1' } },
    });
  });

  test('is told by its last packet first, then by its probes', () => {
    const [found] = silent(probed(), 600);
    expect(found?.args).toMatchObject({ quietNs: (600 - PROBED_AT - 0.001) * S });
    expect(found?.at?.timeNs).toBe((PROBED_AT + 0.001) * S);
  });

  test('is no matter where it was never seen to, nor answered', () => {
    expect(silent(watching(), 600)).toEqual([]);
    expect(silent(probed(null), 600)).toEqual([]);
    expect(silent(probed().flow('upstream', { keepAliveAnswered: 0 }), 600)).toEqual([]);
  });

  test('is no matter where either spoke since, is held up, or closed', () => {
    expect(silent(probed().speaks('gateway', 590), 600)).toEqual([]);
    expect(silent(probed().flow('upstream', { inFlightBytes: 1 }), 600)).toEqual([]);
    expect(silent(probed().flow('gateway', { zeroWindowAt: 21 }), 600)).toEqual([]);
    expect(silent(probed().closes('fin', 'upstream', 30), 600)).toEqual([]);
  });

  test('may be unseen, where the capture lost packets of it', () => {
    expect(silent(probed().flow('upstream', { lostByCapture: 1 }), 600)).toEqual([]);
  });

  test('is told once, by what is known better: bookmarks that stopped', () => {
    const path = '/api/v1/pods?watch=true&allowWatchBookmarks=true';
    const story = probed().on('c1').watch(9, { at: 1, path }).on('u1').carries(9, 5).answers(5, 200, 2).events(5, 61);
    expect(silent(story, 600)).toMatchObject([{ args: { rhythm: null } }]);
  });
});

describe('PINGs that came while the connection was idle, and do not any more', () => {
  const PINGS = [35, 65, 95];
  const verdict = (story: TraceBuilder, end: number): unknown => buildIncident(story.end(end)).verdict;

  test("of the upstream: silent, when three of the longest wait's are due", () => {
    const story = (): TraceBuilder => watching().pingsBy('upstream', ...PINGS);
    expect(silent(story(), 185)).toEqual([]);
    expect(silent(story(), 186)).toMatchObject([{ args: { rhythm: 'ping', everyNs: 30 * S } }]);
    expect(silent(watching().pingsBy('upstream', 35, 95, 125), 186)).toEqual([]);
  });

  test('of the gateway: what it sends is not seen any more', () => {
    expect(verdict(watching().pings(...PINGS), 186)).toEqual({
      state: 'suspect',
      confidence: 'possible',
      reason: { kind: 'probes-unseen', connection: 'u1', by: 'ping' },
    });
    expect(verdict(watching().pings(...PINGS), 184)).toMatchObject({ state: 'healthy' });
  });

  test('are no rhythm where there are too few, or each follows what was said', () => {
    expect(silent(watching().pingsBy('upstream', 35, 65), 600)).toEqual([]);
    const measured = watching().events(3, 35, 65, 95).pingsBy('upstream', 35.1, 65.1, 95.1);
    expect(silent(measured, 600)).toEqual([]);
  });

  test('are no rhythm where data of the same side stand between them: behind these gRPC allows two, and then no more', () => {
    const story = watching().pingsBy('upstream', 35, 65).events(3, 80).pingsBy('upstream', 110, 140);
    expect(silent(story, 600)).toEqual([]);
  });

  test('need not come where no stream is open', () => {
    const story = watching()
      .pingsBy('upstream', ...PINGS)
      .ends(3, 100);
    expect(silent(story, 600)).toEqual([]);
  });
});
