import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('upstream-unanswered', () => {
  test('data sent again and again, never acknowledged, is part of the proof', () => {
    const [finding, ...others] = findingsIn(watching().retransmits(10, 20, 40).end(600), 'upstream-unanswered');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'critical', connection: 'u1', stream: null });
    expect(finding?.args).toEqual({ retransmissions: 3, spanNs: 30.2e9, stillOpen: true });
    expect(finding?.packets.map(({ timeNs }) => timeNs / 1e9)).toEqual([9.8, 10, 20, 40]);
  });

  test('a debt that a reset ended is not open any more', () => {
    const built = watching().retransmits(10, 20, 40).closes('rst', 'gateway', 92).end(600);
    expect(findingsIn(built, 'upstream-unanswered')[0]?.args).toEqual({
      retransmissions: 3,
      spanNs: 82.2e9,
      stillOpen: false,
    });
  });

  test('nobody was on it: broken, but no proof of a window', () => {
    const built = watching().upstream('u2').retransmits(10, 20, 40).end(600);
    expect(findingsIn(built, 'upstream-unanswered')).toMatchObject([{ severity: 'warning', connection: 'u2' }]);
  });

  test('what was on its way when the path broke moves the onset, and the proof stays proof', () => {
    const built = watching().mute('upstream', 9.8, 10, 20, 40).speaks('upstream', 9.85).end(600);
    expect(findingsIn(built, 'upstream-unanswered')).toMatchObject([{ severity: 'critical' }]);
  });

  test('two tries, and the gateway then gave up: what proves a window is told', () => {
    const built = watching().retransmits(10, 20).closes('rst', 'gateway', 40).on('c1').resetsStream(7, 'gateway', 40.1);
    expect(findingsIn(built.end(600), 'upstream-unanswered')).toMatchObject([
      { severity: 'critical', args: { retransmissions: 2, stillOpen: false } },
    ]);
  });

  test('two tries are too few', () => {
    expect(findingsIn(watching().retransmits(10, 20).end(600), 'upstream-unanswered')).toEqual([]);
  });

  test('keep-alive probes alone are another finding', () => {
    expect(findingsIn(watching().probes(10, 20, 30).end(600), 'upstream-unanswered')).toEqual([]);
  });

  test('where the upstream was never seen, the capture cannot tell what it answered', () => {
    const built = watching().retransmits(10, 20, 40).unseen('upstream').end(600);
    expect(findingsIn(built, 'upstream-unanswered')).toEqual([]);
  });

  test('what the capture shows acknowledged was answered', () => {
    const built = watching().retransmits(10, 20, 40).inVain().end(600);
    expect(findingsIn(built, 'upstream-unanswered')).toEqual([]);
    expect(findingsIn(built, 'acknowledged-in-vain')).toHaveLength(1);
  });
});
