import { describe, expect, test } from 'vitest';
import type { Ladder } from '../../src/report/model.ts';
import type { Debt } from '../../src/trace/index.ts';
import { composeReport } from '../build/reports.ts';
import { at, capture, incident, leg, states } from './incident-builder.ts';

const HEALTHY = {
  state: 'healthy',
  confidence: null,
  reason: { kind: 'no-window', clients: 1, upstreams: 0, links: 0 },
} as const;
const NOTHING: Debt['elicits'] = { data: 0, retransmissions: 0, probes: 0, windowProbes: 0, syns: 0, fins: 0 };

/** The client's debt: sent first at 1 s as packet 1, sent again after these gaps, counted from 2 s. */
function debt(gaps: readonly number[], changes: Partial<Debt> = {}): Debt {
  let seconds = 2;
  const attempts = [at(2, seconds), ...gaps.map((gap, nth) => at(3 + nth, (seconds += gap)))];
  return {
    owedBy: 1,
    lastHeard: null,
    firstElicit: at(1, 1),
    lastElicit: attempts.at(-1) ?? at(1, 1),
    elicits: { ...NOTHING, data: 1, retransmissions: attempts.length },
    tries: attempts.length,
    attempts,
    heard: 0,
    firstHeardDuring: null,
    lastHeardDuring: null,
    triesAfterHeard: 0,
    acknowledgedInVain: false,
    end: 'open',
    endAt: null,
    ...changes,
  };
}

function ladders(...debts: readonly Debt[]): readonly Ladder[] {
  const told = leg(
    {
      id: 'c1',
      client: '10.9.1.2:49739',
      server: '10.9.0.2:80',
      last: at(9, 900),
      liveness: states(900, [0, 'alive']),
      trace: { debts },
    },
    0,
  );
  const report = composeReport(incident({ verdict: HEALTHY, connections: [told] }), capture(900), '1.0.0');
  return report.connections[0]?.ladders ?? [];
}

const isDoubling = (...gaps: readonly number[]): boolean | null | undefined => ladders(debt(gaps))[0]?.doubling;

describe('a ladder of retransmissions', () => {
  test('is one event: who, since when, how often, in what steps, ended how', () => {
    expect(ladders(debt([0.4, 0.8, 1.6]))).toEqual([
      {
        by: 'client',
        at: '2026-11-23T10:00:01.000000Z',
        firstPacket: 1,
        tries: 4,
        gaps: [0.4, 0.8, 1.6],
        doubling: true,
        endedBy: 'open',
      },
    ]);
    expect(ladders(debt([1], { owedBy: 0, end: 'answered', endAt: at(7, 9) }))[0]).toMatchObject({
      by: 'server',
      endedBy: 'ack',
    });
    expect(ladders(debt([1], { end: 'rst', endAt: at(7, 9) }))[0]?.endedBy).toBe('rst');
  });

  test('doubles where each gap is 1.6 to 2.6 times the one before', () => {
    expect(isDoubling(1, 1.6, 4.16)).toBe(true);
    expect(isDoubling(1, 1.59, 3.2)).toBe(false);
    expect(isDoubling(1, 2, 5.21)).toBe(false);
    expect(isDoubling(1, 1, 1, 1)).toBe(false);
  });

  test('up to 120 s, from where it goes on in equal steps', () => {
    expect(isDoubling(52, 104, 120, 120, 121)).toBe(true);
    expect(isDoubling(60, 60, 60)).toBe(false);
    expect(isDoubling(30, 60, 120, 60)).toBe(false);
    expect(isDoubling(10, 120, 120)).toBe(false);
    expect(isDoubling(70, 140, 140)).toBe(false);
  });

  test('is not said to double, or not to, before there are three gaps', () => {
    expect(isDoubling(1, 2)).toBeNull();
    expect(isDoubling(1, 1)).toBeNull();
    expect(isDoubling()).toBeNull();
  });

  test('is made of SYNs too, but not of one SYN, of probes or of data sent once', () => {
    const of = (elicits: Partial<Debt['elicits']>): number =>
      ladders(debt([1, 2], { elicits: { ...NOTHING, ...elicits } })).length;
    expect([of({ syns: 2 }), of({ syns: 1 }), of({ probes: 9 }), of({ data: 3 })]).toEqual([1, 0, 0, 0]);
  });

  test('has no more than sixteen beside it: those with most tries stay, in order of time', () => {
    const many = Array.from({ length: 20 }, (_, nth) =>
      debt([1], { firstElicit: at(nth + 1, nth), tries: nth < 4 ? 3 : 4 + (nth % 2) }),
    );
    expect(ladders(...many).map(({ firstPacket }) => firstPacket)).toEqual(
      many.slice(4).map(({ firstElicit }) => firstElicit.packet),
    );
  });
});
