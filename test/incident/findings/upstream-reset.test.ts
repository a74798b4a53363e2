import { describe, expect, test } from 'vitest';
import { trace, type TraceBuilder } from '../../build/trace.ts';
import { findingsIn, watching } from '../stories.ts';

describe('upstream-reset', () => {
  test('the upstream reset an open connection and the client was never told', () => {
    const built = watching().closes('rst', 'upstream', 50).end(600);
    expect(findingsIn(built, 'upstream-reset')).toMatchObject([
      {
        severity: 'critical',
        connection: 'u1',
        args: { openStreams: 1, clientTold: false, toldBy: null, toldAfterNs: null },
      },
    ]);
  });

  describe('says how the client was told, and after how long', () => {
    const reset = (): TraceBuilder => watching().closes('rst', 'upstream', 50).on('c1');
    const told = (built: TraceBuilder): unknown => findingsIn(built.end(600), 'upstream-reset')[0]?.args;

    test('by RST_STREAM', () => {
      expect(told(reset().resetsStream(7, 'gateway', 50.01))).toEqual({
        openStreams: 1,
        clientTold: true,
        toldBy: 'rst-stream',
        toldAfterNs: 10e6,
      });
    });

    test('by an error response, where it had none yet', () => {
      const built = trace().client('c1').list(7, { at: 49 }).upstream('u1').carries(7, 3).closes('rst', 'upstream', 50);
      expect(told(built.on('c1').answers(7, 503, 52))).toMatchObject({ toldBy: 'response', toldAfterNs: 2e9 });
    });

    test('by the end of its stream', () => {
      expect(told(reset().ends(7, 51))).toMatchObject({ toldBy: 'end-stream', toldAfterNs: 1e9 });
    });

    test('by closing its connection, over which HTTP/1.1 has no other way', () => {
      expect(told(reset().closes('fin', 'gateway', 53))).toMatchObject({ toldBy: 'closed', toldAfterNs: 3e9 });
    });

    test('and by nothing, where the client itself gave up', () => {
      expect(told(reset().closes('fin', 'client', 53))).toMatchObject({ clientTold: false, toldBy: null });
      expect(told(reset().resetsStream(7, 'client', 53).closes('fin', 'gateway', 54))).toMatchObject({ toldBy: null });
    });
  });

  test('streams that had ended were not open', () => {
    const built = watching().ends(3, 20).closes('rst', 'upstream', 50).end(600);
    expect(findingsIn(built, 'upstream-reset')).toMatchObject([
      { severity: 'warning', args: { openStreams: 0, clientTold: false, toldBy: null, toldAfterNs: null } },
    ]);
  });

  test("the gateway's own reset is not the upstream's", () => {
    expect(findingsIn(watching().closes('rst', 'gateway', 50).end(600), 'upstream-reset')).toEqual([]);
  });

  test('a reset after a FIN tidies up', () => {
    const built = watching().closes('fin', 'gateway', 49).closes('rst', 'upstream', 50).end(600);
    expect(findingsIn(built, 'upstream-reset')).toEqual([]);
  });

  test('a RST that answers a SYN is a refusal', () => {
    const built = watching().attempt('u2', { at: 20 }).refused(20.001).end(600);
    expect(findingsIn(built, 'upstream-reset')).toEqual([]);
  });

  test('a RST that the gateway would not accept resets nothing', () => {
    const built = watching().closes('rst', 'upstream', 50, { accepted: false }).end(600);
    expect(findingsIn(built, 'upstream-reset')).toEqual([]);
  });
});
