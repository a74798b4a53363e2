import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('upstream-reset', () => {
  test('the upstream reset an open connection and the client was never told', () => {
    const built = watching().closes('rst', 'upstream', 50).end(600);
    expect(findingsIn(built, 'upstream-reset')).toMatchObject([
      { severity: 'critical', connection: 'u1', args: { openStreams: 1, clientTold: false } },
    ]);
  });

  test('the client was told at once', () => {
    const built = watching().closes('rst', 'upstream', 50).on('c1').resetsStream(7, 'gateway', 50.01).end(600);
    expect(findingsIn(built, 'upstream-reset')[0]?.args).toEqual({ openStreams: 1, clientTold: true });
  });

  test('streams that had ended were not open', () => {
    const built = watching().ends(3, 20).closes('rst', 'upstream', 50).end(600);
    expect(findingsIn(built, 'upstream-reset')).toMatchObject([
      { severity: 'warning', args: { openStreams: 0, clientTold: false } },
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
