import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import type { TraceBuilder } from '../../build/trace.ts';
import { findingsIn, watching } from '../stories.ts';

/** The client's window is shut from the 20th second on, and the gateway asks about it. */
function stalled(): TraceBuilder {
  return watching().on('c1').flow('client', { zeroWindowAt: 20 }).flow('gateway', { windowProbes: 2 });
}

describe('zero-window-stall', () => {
  test('a window that stayed shut: the reader is at fault, and nothing is half-dead', () => {
    const built = stalled().speaks('client', 40).speaks('gateway', 50).end(600);
    expect(findingsIn(built, 'zero-window-stall')).toMatchObject([
      { severity: 'warning', connection: 'c1', args: { spanNs: 20e9 }, packets: [{ timeNs: 20e9 }, { timeNs: 40e9 }] },
    ]);
    expect(buildIncident(built).verdict.state).toBe('healthy');
  });

  test('an open window is no stall', () => {
    expect(findingsIn(watching().end(600), 'zero-window-stall')).toEqual([]);
  });

  test('nothing was heard for three seconds after: the capture cannot tell how long it stayed shut', () => {
    expect(findingsIn(stalled().speaks('client', 22.9).end(600), 'zero-window-stall')).toEqual([]);
    expect(findingsIn(stalled().speaks('client', 23).end(600), 'zero-window-stall')).toHaveLength(1);
  });

  test('who says nothing more is not heard to say that it is shut', () => {
    expect(findingsIn(stalled().speaks('gateway', 30, 40).end(600), 'zero-window-stall')).toEqual([]);
  });

  test('without probes nobody is held up by it', () => {
    const built = watching().on('c1').flow('client', { zeroWindowAt: 20 }).speaks('client', 40).end(600);
    expect(findingsIn(built, 'zero-window-stall')).toEqual([]);
  });

  test('a reader that stops answering the probes is gone, and not slow', () => {
    const built = stalled().speaks('client', 40).mute('client', 50, 51, 53, 57);
    expect(findingsIn(built.end(600), 'zero-window-stall')).toEqual([]);
    expect(findingsIn(built.answered(60).end(600), 'zero-window-stall')).toHaveLength(1);
  });
});
