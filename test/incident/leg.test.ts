import { describe, expect, test } from 'vitest';
import { buildIncident, type Leg } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { legNamed } from './stories.ts';

function upstreamOf(built: TraceBuilder, end = 600): Leg {
  return legNamed(buildIncident(built.end(end)), 'u1');
}

function start(): TraceBuilder {
  return trace().client('c1').upstream('u1');
}

describe('how a connection opened', () => {
  test('by a handshake', () => {
    expect(upstreamOf(start()).opened).toBe('handshake');
  });

  test('before the capture began', () => {
    expect(upstreamOf(trace().client('c1').upstream('u1', { midway: true })).opened).toBe('before-capture');
  });

  test('refused, or never answered', () => {
    expect(upstreamOf(trace().client('c1').attempt('u1', { at: 5 }).refused(5.001)).opened).toBe('refused');
    expect(upstreamOf(trace().client('c1').attempt('u1', { at: 5 }).sendsSynAgain(6, 8)).opened).toBe('unanswered');
  });
});

describe('how a connection closed', () => {
  test('by the first RST that the peer accepts', () => {
    expect(upstreamOf(start().closes('rst', 'upstream', 50)).closed).toMatchObject({
      how: 'rst',
      by: 'server',
      at: { timeNs: 50e9 },
    });
    expect(upstreamOf(start().closes('rst', 'upstream', 50, { accepted: false })).closed.how).toBe('open');
  });

  test('by both FINs, named for the first', () => {
    const closed = upstreamOf(start().closes('fin', 'gateway', 50).closes('fin', 'upstream', 51)).closed;
    expect(closed).toMatchObject({ how: 'fin', by: 'client', at: { timeNs: 51e9 } });
  });

  test('one FIN alone leaves it open', () => {
    expect(upstreamOf(start().closes('fin', 'gateway', 50)).closed).toEqual({ how: 'open', by: null, at: null });
  });

  test('by time-out: the next try was due and never came', () => {
    expect(upstreamOf(start().mute('upstream', 10, 11, 13, 17, 25)).closed).toMatchObject({
      how: 'timeout',
      by: null,
      at: { timeNs: 25e9 },
    });
  });

  test('while the ladder may still run, it is open', () => {
    expect(upstreamOf(start().mute('upstream', 10, 11, 13, 17, 25), 44).closed.how).toBe('open');
    expect(upstreamOf(start().mute('upstream', 10, 11, 13, 17, 25), 46).closed.how).toBe('timeout');
  });

  test('probes come at one interval: half of one more without them and they have ended', () => {
    expect(upstreamOf(start().probes(10, 20, 30), 44).closed.how).toBe('open');
    expect(upstreamOf(start().probes(10, 20, 30), 46).closed.how).toBe('timeout');
  });
});

test('ids count each role by itself, in the order of first packets', () => {
  const built = trace()
    .client('first', { at: 0 })
    .upstream('second', { at: 1 })
    .client('third', { at: 2 })
    .upstream('fourth', { at: 3 })
    .end(10);
  expect(buildIncident(built).connections.map(({ id }) => id)).toEqual(['c1', 'u1', 'c2', 'u2']);
});
