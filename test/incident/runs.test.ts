import { describe, expect, test } from 'vitest';
import type { Leg } from '../../src/incident/index.ts';
import { countDuring, requestBounds } from '../../src/incident/runs.ts';
import type { Mark } from '../../src/trace/index.ts';
import { at, leg, states } from '../report/incident-builder.ts';

/** Runs of the client's PINGs: `[from, to, count]`, in seconds. */
function pinging(...runs: readonly (readonly [from: number, to: number, count: number])[]): Leg {
  return legWith(
    runs.map(([from, to, count]) => ({ kind: 'ping', by: 0, from: at(1, from), to: at(2, to), count })),
    {},
  );
}

function legWith(marks: readonly Mark[], trace: Partial<Leg['trace']>): Leg {
  return leg(
    {
      id: 'c1',
      client: '10.9.1.2:50001',
      server: '10.9.1.1:80',
      last: at(9, 100),
      marks,
      liveness: states(100, [0, 'alive']),
      trace,
    },
    0,
  );
}

/** `least` or `least-most` of those from 10 s until before 20 s. */
function within(one: Leg): string {
  const { least, most } = countDuring(one, 'ping', 0, 10e9, 20e9);
  return least === most ? `${least}` : `${least}-${most}`;
}

describe('packets of runs within an interval', () => {
  test.each([
    [
      'whole runs inside and outside',
      [
        [1, 9, 5],
        [10, 19, 4],
        [20, 25, 3],
      ],
      '4',
    ],
    [
      'the first moment is in it, the last is not',
      [
        [10, 10, 1],
        [20, 20, 1],
      ],
      '1',
    ],
    [
      'a run of two across an end has one of them in it',
      [
        [5, 15, 2],
        [16, 25, 2],
      ],
      '2',
    ],
    ['of a longer one across an end the inner ones may be in it', [[5, 15, 6]], '1-5'],
    ['a run that holds the interval may have none in it', [[5, 25, 6]], '0-4'],
    ['a run of two that holds the interval has none in it', [[5, 25, 2]], '0'],
  ] as const)('%s', (_what, runs, told) => {
    expect(within(pinging(...runs))).toBe(told);
  });

  test('only those of the kind and the side', () => {
    expect(countDuring(pinging([11, 12, 3]), 'ping', 1, 10e9, 20e9)).toEqual({ least: 0, most: 0 });
    expect(countDuring(pinging([11, 12, 3]), 'ping-ack', 0, 10e9, 20e9)).toEqual({ least: 0, most: 0 });
  });
});

describe('requests within an interval', () => {
  const runs: readonly Mark[] = [{ kind: 'request', by: 0, from: at(1, 5), to: at(2, 15), count: 10 }];

  test('are known one by one where none was folded away', () => {
    expect(requestBounds(legWith(runs, {}), 10e9, 20e9)).toEqual({ least: 0, most: 0 });
  });

  test('of folded ones the runs tell how many at least', () => {
    const folded = { count: 10, byStatus: new Map([[200, 10]]) };
    expect(requestBounds(legWith(runs, { folded }), 10e9, 20e9)).toEqual({ least: 1, most: 9 });
  });
});
