import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { findingsIn, watching } from '../stories.ts';

describe('recovered-loss', () => {
  test('three tries that ended in an acknowledgement: degraded, not dead', () => {
    const built = watching().mute('upstream', 10, 10.2, 10.6, 11.4).answered(11.5).end(600);
    expect(findingsIn(built, 'recovered-loss')).toMatchObject([
      { severity: 'info', connection: 'u1', args: { retransmissions: 3, spanNs: 1.5e9 } },
    ]);
    expect(buildIncident(built).verdict.state).toBe('healthy');
  });

  test('a second without an acknowledgement is loss, whatever the tries', () => {
    expect(findingsIn(watching().mute('upstream', 10, 10.2).answered(11).end(600), 'recovered-loss')).toHaveLength(1);
    expect(findingsIn(watching().mute('upstream', 10, 10.2).answered(10.9).end(600), 'recovered-loss')).toEqual([]);
  });

  test('a lone tail-loss probe is no finding', () => {
    const built = watching().mute('upstream', 10, 10.05).answered(10.1).end(600);
    expect(findingsIn(built, 'recovered-loss')).toEqual([]);
  });

  test('unanswered probes are no loss of data', () => {
    expect(findingsIn(watching().probes(10, 20, 30).answered(30.1).end(600), 'recovered-loss')).toEqual([]);
  });

  test('what healed after a window is told by the window', () => {
    const built = watching().retransmits(10, 20, 40).answered(80).end(600);
    expect(buildIncident(built).windows).toHaveLength(1);
    expect(findingsIn(built, 'recovered-loss')).toEqual([]);
  });

  test('also where the onset lies after the first elicit', () => {
    const built = watching().mute('upstream', 9.8, 10, 20, 40).speaks('upstream', 9.85).answered(80).end(600);
    expect(buildIncident(built).windows).toHaveLength(1);
    expect(findingsIn(built, 'recovered-loss')).toEqual([]);
  });

  test('where the capture ends first, nobody knows whether it recovered', () => {
    expect(findingsIn(watching().mute('upstream', 10, 10.2).end(11.5), 'recovered-loss')).toEqual([]);
  });
});
