import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('acknowledged-in-vain', () => {
  test('bytes that the capture shows acknowledged are sent again all the same', () => {
    const built = watching().mute('gateway', 10, 10.2, 10.6, 11.4).inVain().speaks('gateway', 10.05, 10.25).end(600);
    const [finding] = findingsIn(built, 'acknowledged-in-vain');
    expect(finding).toMatchObject({ severity: 'critical', connection: 'u1' });
    expect(finding?.args).toEqual({ by: 'server', retransmissions: 3, spanNs: 1.4e9 });
  });

  test('the gateway may be the one that sends in vain', () => {
    const built = watching().mute('upstream', 10, 10.2, 10.6, 11.4).inVain().speaks('upstream', 10.05).end(600);
    expect(findingsIn(built, 'acknowledged-in-vain')).toMatchObject([{ args: { by: 'client' } }]);
  });

  test('bytes that nothing acknowledges are simply unanswered', () => {
    const built = watching().mute('gateway', 10, 10.2, 10.6, 11.4).end(600);
    expect(findingsIn(built, 'acknowledged-in-vain')).toEqual([]);
  });

  test('with one direction missing the capture shows no acknowledgement at all', () => {
    const built = watching().mute('gateway', 10, 10.2, 10.6, 11.4).inVain().unseen('gateway').end(600);
    expect(findingsIn(built, 'acknowledged-in-vain')).toEqual([]);
  });
});
