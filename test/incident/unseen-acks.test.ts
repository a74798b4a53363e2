import { describe, expect, test } from 'vitest';
import { buildIncident, type Incident } from '../../src/incident/index.ts';
import type { TraceBuilder } from '../build/trace.ts';
import { told, watching } from './stories.ts';

/** The same capture behind a filter that lets only packets with payload through; so many packets more that it is none by chance. */
function filtered(built: TraceBuilder, seconds = 120, packets = 64): Incident {
  const plain = built.end(seconds);
  const connections = plain.connections.map((connection) => ({
    ...connection,
    handshake: { by: null, syn: null, synAck: null },
    flows: [
      { ...connection.flows[0], packets: packets / 2 },
      { ...connection.flows[1], packets: packets / 2 },
    ] as const,
  }));
  return buildIncident({ ...plain, connections, hasBareAcks: false });
}

const codes = ({ trust }: Incident): string[] => trust.map(({ code }) => code);

/** The gateway only listens: what the upstream says is acknowledged by packets without payload. */
const listens = (...tries: readonly number[]): TraceBuilder => watching().mute('gateway', 5, ...tries);

describe('in a capture that holds no acknowledgement without payload', () => {
  test('who only listens is not dead: what was lost was sent again, and then something else was', () => {
    const flap = filtered(listens(20, 20.2, 20.6, 21.4, 23));
    expect(told(flap)).toEqual([]);
    expect(flap).toMatchObject({ verdict: { state: 'inconclusive', reason: { kind: 'no-bare-acks', count: 1 } } });
    expect(flap.connections.map(({ liveness }) => liveness.some(({ state }) => state === 'dead'))).not.toContain(true);
    expect(codes(flap)).toContain('no-bare-acks');
  });

  test('the same is dead where acknowledgements are in the capture, or where it is too short to hold one', () => {
    const whole = buildIncident(listens(20, 20.2, 20.6, 21.4, 23).end(120));
    expect(told(whole)).toHaveLength(1);
    expect(codes(whole)).not.toContain('no-bare-acks');
    expect(told(filtered(listens(20, 20.2, 20.6, 21.4, 23), 120, 2))).toHaveLength(1);
    expect(told(filtered(listens(20, 20.2, 20.6, 21.4, 23), 120, 4))).toEqual([]);
  });

  test('a probe with a byte passes such a filter, and what answers it does not', () => {
    const probing = (): TraceBuilder => watching().probes(30, 40, 50, 60);
    expect(told(buildIncident(probing().end(120)))).toHaveLength(1);
    expect(told(filtered(probing()))).toEqual([]);
  });

  test('what is sent again at ever longer gaps until the capture ends is dead all the same', () => {
    const dead = filtered(watching().retransmits(10, 10.4, 11.2, 12.8, 16, 22.4, 35.2, 60.8), 100);
    expect(told(dead)).toEqual(['c1/u1 peer-silent 9.8- capture-end']);
    expect(codes(dead)).toContain('no-bare-acks');
  });

  test('not where the next try is long overdue, or where the timer began anew', () => {
    expect(told(filtered(watching().retransmits(10, 10.4, 11.2, 12.8, 16), 100))).toEqual([]);
    expect(told(filtered(watching().retransmits(10, 10.4, 11.2, 12.8, 13, 13.4, 14.2), 15))).toEqual([]);
    const answered = watching().retransmits(10, 10.4, 11.2, 12.8, 16).answered(90);
    expect(told(filtered(answered))).toEqual([]);
  });

  test('where nothing had to be sent again it is healthy, if a reset or a close could be in it', () => {
    expect(filtered(listens()).verdict).toMatchObject({ state: 'inconclusive', reason: { count: 0 } });
    const closing = watching().mute('gateway', 5).upstream('u2').closes('fin', 'gateway', 50);
    expect(filtered(closing).verdict.state).toBe('healthy');
  });
});
