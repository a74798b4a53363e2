import { describe, expect, test } from 'vitest';
import type { TraceBuilder } from '../../build/trace.ts';
import { trace } from '../../build/trace.ts';
import { findingsIn } from '../stories.ts';

/** A quiet exec, last heard 1.101 s on the client's connection. */
function quietExec(): TraceBuilder {
  return trace().client('c1').exec(7, { at: 1 }).upstream('u1').carries(7, 3).answers(3, 200, 1.1);
}

describe('idle-timeout-cut', () => {
  test('a stream cut after exactly five minutes of silence, its upstream healthy', () => {
    const built = quietExec().on('c1').resetsStream(7, 'gateway', 301.101).end(600);
    expect(findingsIn(built, 'idle-timeout-cut')).toMatchObject([
      { severity: 'warning', connection: 'c1', stream: { id: 7 }, args: { quietNs: 300e9, by: 'rst-stream' } },
    ]);
  });

  test('a time-out fires a little late', () => {
    const cutAt = (seconds: number): ReturnType<TraceBuilder['end']> =>
      quietExec().on('c1').resetsStream(7, 'gateway', seconds).end(600);
    expect(findingsIn(cutAt(301.3), 'idle-timeout-cut')).toHaveLength(1);
    expect(findingsIn(cutAt(301.5), 'idle-timeout-cut')).toEqual([]);
  });

  test('its clock runs from when the gateway got the packet, and that is later than here', () => {
    const cutAt = (seconds: number): ReturnType<TraceBuilder['end']> =>
      quietExec().on('c1').resetsStream(7, 'gateway', seconds).end(600);
    expect(findingsIn(cutAt(301.1), 'idle-timeout-cut')).toHaveLength(1);
    expect(findingsIn(cutAt(301.0), 'idle-timeout-cut')).toEqual([]);
  });

  test('a request that never got a response timed out, and was not quiet', () => {
    const built = trace().client('c1').list(7, { at: 1 }).upstream('u1').carries(7, 3).on('c1');
    expect(findingsIn(built.resetsStream(7, 'gateway', 11.001).end(600), 'idle-timeout-cut')).toEqual([]);
  });

  test('silences below ten seconds have likelier reasons', () => {
    const built = quietExec().on('c1').resetsStream(7, 'gateway', 10.001).end(600);
    expect(findingsIn(built, 'idle-timeout-cut')).toEqual([]);
  });

  test('a client that cancels cuts itself', () => {
    const built = quietExec().on('c1').resetsStream(7, 'client', 301.101).end(600);
    expect(findingsIn(built, 'idle-timeout-cut')).toEqual([]);
  });

  test('a stream whose upstream was dead was cut with good reason', () => {
    const built = quietExec().retransmits(10, 20, 40).on('c1').resetsStream(7, 'gateway', 301.101).end(600);
    expect(findingsIn(built, 'idle-timeout-cut')).toEqual([]);
  });

  test('where nobody knows who carried it, nobody knows whether that was healthy', () => {
    const built = trace()
      .client('c1')
      .exec(7, { at: 1 })
      .answers(7, 200, 1.1)
      .resetsStream(7, 'gateway', 301.1)
      .upstream('u1')
      .end(600);
    expect(findingsIn(built, 'idle-timeout-cut')).toEqual([]);
  });

  describe('by GOAWAY', () => {
    /** The last that a stream had was its response, 1.101 s on the client's connection. */
    const saysGoodbye = (at: number, errorCode = 0): TraceBuilder =>
      quietExec().on('c1').goaway('gateway', at, 7, errorCode);

    test('after exactly five minutes without a request, response or data: PINGs do not count', () => {
      const built = saysGoodbye(301.101).pings(30, 60).end(600);
      expect(findingsIn(built, 'idle-timeout-cut')).toMatchObject([
        { severity: 'warning', connection: 'c1', stream: null, args: { quietNs: 300e9, by: 'goaway' } },
      ]);
    });

    test('hurts nobody where no stream was open', () => {
      const built = quietExec().ends(3, 1.1).on('c1').goaway('gateway', 301.101, 7).end(600);
      expect(findingsIn(built, 'idle-timeout-cut')).toMatchObject([{ severity: 'info', args: { by: 'goaway' } }]);
    });

    test.each([
      ['after another time', saysGoodbye(303)],
      ['for an error', saysGoodbye(301.101, 11)],
      ['of the client', quietExec().on('c1').goaway('client', 301.101, 0)],
      ['while an event came meanwhile', saysGoodbye(301.101).on('u1').events(3, 200)],
      ['while the upstream was dead', saysGoodbye(301.101).on('u1').retransmits(290, 295, 300)],
    ])('not %s', (_, built) => {
      expect(findingsIn(built.end(600), 'idle-timeout-cut')).toEqual([]);
    });

    test('the first of those that one farewell takes counts', () => {
      const built = saysGoodbye(301.101).goaway('gateway', 306.101, 7).end(600);
      expect(findingsIn(built, 'idle-timeout-cut')).toHaveLength(1);
    });

    test('where nobody knows what carried its requests, nobody knows whether that was healthy', () => {
      const built = trace().client('c1').exec(7, { at: 1 }).answers(7, 200, 1.1).goaway('gateway', 301.1, 7);
      expect(findingsIn(built.upstream('u1').end(600), 'idle-timeout-cut')).toEqual([]);
    });
  });
});
