import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { buildIncident, DEFAULT_THRESHOLDS, type Leg } from '../../src/incident/index.ts';
import { isDead, isOneSided, livenessOf } from '../../src/incident/liveness.ts';
import type { Trace } from '../../src/trace/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { legNamed } from './stories.ts';

function upstream(): TraceBuilder {
  return trace().client('c1').upstream('u1');
}

/** `alive 0-10`, with who owes an answer. */
function states(built: Trace, id = 'u1'): string[] {
  return legNamed(buildIncident(built), id).liveness.map(
    ({ fromNs, toNs, state, owedBy }) => `${state} ${fromNs / 1e9}-${toNs / 1e9}${owedBy === null ? '' : ` ${owedBy}`}`,
  );
}

describe('the states of a connection', () => {
  test('silence with nothing owed is idle after ten seconds, and never dead', () => {
    expect(states(upstream().speaks('upstream', 5, 40).end(45))).toEqual(['alive 0-15', 'idle 15-40', 'alive 40-45']);
  });

  test('nine quiet seconds are no idleness', () => {
    expect(states(upstream().speaks('upstream', 9).end(15))).toEqual(['alive 0-15']);
  });

  test('unanswered from the first elicit, alive again with the answer', () => {
    expect(states(upstream().mute('upstream', 5, 6).answered(7).end(8))).toEqual([
      'alive 0-5',
      'unanswered 5-7 server',
      'alive 7-8',
    ]);
  });

  test('an attempt is over once its tries are, and was never more than dead', () => {
    const tried = trace().client('c1').list(1, { at: 1 }).upstream('u1').attempt('u2', { at: 5 }).sendsSynAgain(6, 8);
    expect(states(tried.end(60), 'u2')).toEqual(['dead 5-8 server', 'closed 8-60']);
    expect(states(upstream().mute('upstream', 5, 6, 8, 12).end(60))).toEqual(['alive 0-5', 'dead 5-60 server']);
  });

  test('dead is dated back to the first elicit', () => {
    expect(states(upstream().mute('upstream', 5, 6, 7, 8).end(9))).toEqual(['alive 0-5', 'dead 5-9 server']);
  });

  test('both may owe at once', () => {
    expect(states(upstream().mute('upstream', 5, 6, 7, 8).mute('gateway', 6, 6.5, 7.5, 9).end(10))).toEqual([
      'alive 0-5',
      'dead 5-6 server',
      'dead 6-10 both',
    ]);
  });

  test('a GOAWAY or one FIN begins the closing, both FINs or a RST end it', () => {
    expect(states(upstream().goaway('upstream', 5, 3).closes('rst', 'gateway', 7).end(9))).toEqual([
      'alive 0-5',
      'closing 5-7',
      'closed 7-9',
    ]);
    expect(states(upstream().closes('fin', 'upstream', 5).closes('fin', 'gateway', 6).end(9))).toEqual([
      'alive 0-5',
      'closing 5-6',
      'closed 6-9',
    ]);
    expect(states(upstream().closes('fin', 'upstream', 5).end(9))).toEqual(['alive 0-5', 'closing 5-9']);
  });

  test('a RST that the peer would not accept closes nothing', () => {
    expect(states(upstream().closes('rst', 'upstream', 5, { accepted: false }).end(9))).toEqual(['alive 0-9']);
  });
});

describe('dead', () => {
  const death = (built: Trace): boolean => {
    const [connection] = built.connections.filter(({ debts }) => debts.length > 0);
    const debt = connection?.debts[0];
    if (connection === undefined || debt === undefined) throw new Error('no debt');
    return isDead(connection, debt, built.last?.timeNs ?? 0, DEFAULT_THRESHOLDS);
  };

  test('three tries, not two', () => {
    expect(death(upstream().mute('upstream', 5, 6, 7).end(60))).toBe(false);
    expect(death(upstream().mute('upstream', 5, 6, 7, 8).end(60))).toBe(true);
  });

  test('three seconds, not 2.9', () => {
    expect(death(upstream().mute('upstream', 5, 5.2, 5.6, 6.4).answered(7.9).end(60))).toBe(false);
    expect(death(upstream().mute('upstream', 5, 5.2, 5.6, 6.4).answered(8).end(60))).toBe(true);
  });

  test('an open debt counts to the end of the capture', () => {
    expect(death(upstream().mute('upstream', 5, 5.2, 5.6, 6.4).end(7.9))).toBe(false);
    expect(death(upstream().mute('upstream', 5, 5.2, 5.6, 6.4).end(8))).toBe(true);
  });

  test('the borders are the thresholds', () => {
    const built = upstream().mute('upstream', 5, 6, 7, 8).end(60);
    const incident = buildIncident(built, { ...DEFAULT_THRESHOLDS, deadTries: 4 });
    expect(legNamed(incident, 'u1').liveness.map(({ state }) => state)).not.toContain('dead');
  });

  test('never where a direction is not in the capture', () => {
    expect(death(upstream().mute('upstream', 5, 6, 7, 8).unseen('upstream').end(60))).toBe(false);
  });
});

describe('one-sided', () => {
  test.each(['gateway', 'upstream'] as const)('no packet of the %s', (who) => {
    const [, u1] = upstream().unseen(who).end(9).connections;
    expect(u1 !== undefined && isOneSided(u1)).toBe(true);
  });

  test('an attempt that nobody answered is not', () => {
    const [attempt] = trace().attempt('u1').sendsSynAgain(1, 3).end(9).connections;
    expect(attempt !== undefined && isOneSided(attempt)).toBe(false);
  });
});

test('property: the states cover the connection from its first packet to the end, without gaps and without repeats', () => {
  const seconds = fc.integer({ min: 1, max: 500 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: seconds, gateway: fc.boolean(), tries: fc.integer({ min: 1, max: 5 }) }), {
        maxLength: 5,
      }),
      fc.array(seconds, { maxLength: 5 }),
      fc.option(seconds),
      (debts, heard, closed) => {
        const built = upstream().speaks('upstream', ...heard);
        for (const { at, gateway, tries } of debts) {
          built.mute(gateway ? 'gateway' : 'upstream', at, ...Array.from({ length: tries }, (_, i) => at + i + 1));
        }
        if (closed !== null) built.closes('rst', 'gateway', closed);
        const frozen = built.end(600);
        const leg: Leg = legNamed(buildIncident(frozen), 'u1');
        const intervals = livenessOf(leg.trace, leg.serverSide, leg.closed, 600e9, DEFAULT_THRESHOLDS);
        expect(intervals[0]?.fromNs).toBe(leg.trace.first.timeNs);
        expect(intervals.at(-1)?.toNs).toBe(600e9);
        for (const [i, { fromNs, toNs, state, owedBy }] of intervals.entries()) {
          expect(toNs).toBeGreaterThan(fromNs);
          const next = intervals[i + 1];
          if (next === undefined) continue;
          expect(next.fromNs).toBe(toNs);
          expect(`${next.state} ${next.owedBy}`).not.toBe(`${state} ${owedBy}`);
        }
      },
    ),
    { numRuns: 200 },
  );
});
