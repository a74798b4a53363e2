import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('upstream-mute-gateway', () => {
  test('only the upstream is seen: it sends its event again, the gateway acknowledges nothing', () => {
    const [finding] = findingsIn(watching().mute('gateway', 10, 10.2, 10.6, 11.4).end(600), 'upstream-mute-gateway');
    expect(finding).toMatchObject({ severity: 'critical', connection: 'u1' });
    expect(finding?.args).toEqual({ upstreamPackets: 4, spanNs: 1.4e9, lastGatewayPacketNs: 1.001e9 });
  });

  test('a gateway that is heard, though it acknowledges nothing, is not mute', () => {
    const built = watching().mute('gateway', 10, 10.2, 10.6, 11.4, 20).speaks('gateway', 12).end(600);
    expect(findingsIn(built, 'upstream-mute-gateway')).toEqual([]);
  });

  test('two tries are too few', () => {
    const built = watching().mute('gateway', 10, 10.2, 10.6).end(600);
    expect(findingsIn(built, 'upstream-mute-gateway')).toEqual([]);
  });

  test('a gateway that the capture never shows there is a capture of one direction', () => {
    const built = watching().mute('gateway', 10, 10.2, 10.6, 11.4).unseen('gateway').end(600);
    expect(findingsIn(built, 'upstream-mute-gateway')).toEqual([]);
  });
});
