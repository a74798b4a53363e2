import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { findingsIn, watching } from '../stories.ts';

describe('zero-window-stall', () => {
  test('a window that stayed shut: the reader is at fault, and nothing is half-dead', () => {
    const built = watching().on('c1').flow('client', { zeroWindowAt: 20 }).speaks('gateway', 40).end(600);
    expect(findingsIn(built, 'zero-window-stall')).toMatchObject([
      { severity: 'warning', connection: 'c1', args: { spanNs: 20e9 } },
    ]);
    expect(buildIncident(built).verdict.state).toBe('healthy');
  });

  test('an open window is no stall', () => {
    expect(findingsIn(watching().end(600), 'zero-window-stall')).toEqual([]);
  });

  test('nothing was heard for three seconds after: the capture cannot tell how long it stayed shut', () => {
    const built = watching().on('c1').flow('client', { zeroWindowAt: 20 }).speaks('gateway', 22.9).end(600);
    expect(findingsIn(built, 'zero-window-stall')).toEqual([]);
  });
});
