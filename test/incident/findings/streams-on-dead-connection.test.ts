import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { findingsIn, watching } from '../stories.ts';

describe('streams-on-dead-connection', () => {
  test('new requests go out on a connection that acknowledges nothing', () => {
    const built = watching()
      .retransmits(10, 20, 40)
      .on('c1')
      .list(9, { at: 20 })
      .list(11, { at: 30 })
      .on('u1')
      .carries(9, 5)
      .carries(11, 7)
      .end(600);
    expect(findingsIn(built, 'streams-on-dead-connection')).toMatchObject([
      { severity: 'critical', connection: 'u1', args: { requests: 2 } },
    ]);
  });

  test('a request from before the death is no new one', () => {
    const built = watching().retransmits(10, 20, 40).end(600);
    expect(findingsIn(built, 'streams-on-dead-connection')).toEqual([]);
  });

  test('a request that the capture never shows leaving the gateway was not sent, as far as it can tell', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').list(9, { at: 20 }).end(600);
    expect(findingsIn(built, 'streams-on-dead-connection')).toEqual([]);
  });

  test('requests behind a GOAWAY are acknowledged: the connection is not dead to them', () => {
    const built = watching().goaway('upstream', 15, 3).on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).end(600);
    expect(buildIncident(built).windows).toMatchObject([{ cause: 'goaway-ignored' }]);
    expect(findingsIn(built, 'streams-on-dead-connection')).toEqual([]);
  });
});
