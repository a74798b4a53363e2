import { describe, expect, test } from 'vitest';
import { buildIncident, type Incident } from '../../src/incident/index.ts';
import type { Flow } from '../../src/trace/index.ts';
import type { TraceBuilder } from '../build/trace.ts';
import { onlyWindow, watching } from './stories.ts';

const S = 1e9;
const PROBED_AT = 15;
const RESET_AT = 34;

/** The gateway's kernel probed after ten seconds of silence, and was answered. */
function keepAlive(timeNs: number | null): Flow['keepAlive'] {
  const at = { file: 0, packet: 9, timeNs: PROBED_AT * S };
  return { first: at, last: at, timeNs, intervalNs: null, unanswered: 0, gaveUp: null };
}

function probed(story: TraceBuilder, timeNs: number | null = 10 * S): TraceBuilder {
  const legs = story
    .on('u1')
    .flow('gateway', { keepAliveProbes: 1, keepAliveAnswered: 1, keepAlive: keepAlive(timeNs) });
  return legs.speaks('gateway', PROBED_AT).speaks('upstream', PROBED_AT + 0.001);
}

function reset(story: TraceBuilder, at = RESET_AT): TraceBuilder {
  return story.on('c1').resetsStream(7, 'gateway', at).on('u1');
}

const told = (story: TraceBuilder): Incident => buildIncident(story.end(60));
const suspect = { windows: [], verdict: { state: 'suspect', reason: { kind: 'cancel-unseen', connection: 'u1' } } };

describe('a gateway that probed an idle connection and is not seen to do so again, nor to cancel what it gave up', () => {
  test('is not seen any more: the way is dead before the capture', () => {
    const incident = told(reset(probed(watching())));
    expect(incident.verdict).toMatchObject({ state: 'half-dead', confidence: 'probable' });
    expect(onlyWindow(incident)).toMatchObject({
      cause: 'path-one-way',
      oneWay: 'gateway-unseen',
      doubts: ['given-up-early'],
      fromNs: PROBED_AT * S,
      toNs: RESET_AT * S,
      onset: { lastHeardNs: PROBED_AT * S, firstUnansweredNs: RESET_AT * S },
      end: { how: 'gateway-closed' },
      streams: [{ id: 7, outcome: 'reset' }],
      evidence: [
        { connection: 'u1', kind: 'last-heard', by: 'client' },
        { connection: 'c1', kind: 'stream-reset', by: 'server' },
      ],
    });
  });

  test('may be, where it was never seen to probe, or not for how long it waits', () => {
    expect(told(reset(watching()))).toMatchObject(suspect);
    expect(told(reset(probed(watching(), null)))).toMatchObject(suspect);
  });

  test('may be, where the capture lost packets of whatever connection', () => {
    const lossy = watching().on('c1').flow('client', { lostByCapture: 5 });
    expect(told(reset(probed(lossy)))).toMatchObject({ windows: [] });
  });

  test('may be, where the next probe was not due for long', () => {
    expect(told(reset(probed(watching()), 27.5))).toMatchObject(suspect);
    expect(told(reset(probed(watching()), 28.5)).windows).toHaveLength(1);
  });

  test('may be, where either spoke when the probe was due', () => {
    expect(told(reset(probed(watching()).speaks('upstream', 26)))).toMatchObject(suspect);
    expect(told(reset(probed(watching()).speaks('gateway', 26)))).toMatchObject(suspect);
  });

  test('may be, where it did not give up all that was on the connection, nor at one time', () => {
    const other = (): TraceBuilder => probed(watching().client('c2').watch(1, { at: 2 }).on('u1').carries(1, 5));
    const both = (at: number): TraceBuilder => reset(other()).on('c2').resetsStream(1, 'gateway', at);
    const unproven = { windows: [], verdict: { state: 'suspect' } };
    expect(told(reset(other()))).toMatchObject(unproven);
    expect(told(both(36))).toMatchObject(unproven);
    expect(told(both(RESET_AT + 0.5)).windows.map(({ client }) => client)).toEqual(['c1', 'c2']);
  });

  test('is said nothing of where it cancelled there, or where the capture lacks packets', () => {
    const cancelled = reset(probed(watching())).resetsStream(3, 'gateway', RESET_AT + 0.001);
    expect(told(cancelled)).toMatchObject({ windows: [], verdict: { state: 'healthy' } });
    const lossy = reset(probed(watching())).flow('gateway', { lostByCapture: 1 });
    expect(told(lossy).windows).toEqual([]);
    expect(told(reset(probed(watching())).unread('upstream', 5, 6)).windows).toEqual([]);
  });
});

describe('a gateway that is not seen to probe a connection any more, which is idle to the end', () => {
  const reason = { kind: 'probes-unseen', connection: 'u1', by: 'probe' };
  const verdict = (story: TraceBuilder, end: number): unknown => buildIncident(story.end(end)).verdict;

  test('makes a capture suspect, where three probes are due', () => {
    expect(verdict(probed(watching()), 44)).toMatchObject({ state: 'healthy' });
    expect(verdict(probed(watching()), 46)).toEqual({ state: 'suspect', confidence: 'possible', reason });
  });

  test('not where it was never seen to, or was not answered', () => {
    expect(verdict(watching(), 60)).toMatchObject({ state: 'healthy' });
    expect(verdict(probed(watching(), null), 60)).toMatchObject({ state: 'healthy' });
    expect(verdict(probed(watching()).flow('gateway', { keepAliveAnswered: 0 }), 60)).toMatchObject({
      state: 'healthy',
    });
  });

  test('not where either spoke since, or something is in flight, or lost by the capture', () => {
    expect(verdict(probed(watching()).speaks('upstream', 45), 60)).toMatchObject({ state: 'healthy' });
    expect(verdict(probed(watching()).flow('upstream', { inFlightBytes: 1 }), 60)).toMatchObject({ state: 'healthy' });
    expect(verdict(probed(watching()).flow('gateway', { lostByCapture: 1 }), 60)).toMatchObject({ state: 'healthy' });
  });

  test('not where it is being closed', () => {
    expect(verdict(probed(watching()).closes('fin', 'gateway', 16), 60)).toMatchObject({ state: 'healthy' });
  });
});
