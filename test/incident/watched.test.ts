import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import type { FileTimes, Trace, TraceConnection } from '../../src/trace/index.ts';
import { legNamed, told, watching } from './stories.ts';

/** The client's leg in file 0, the upstream's in file 1: from and to in seconds. */
function inFiles(built: Trace, files: readonly (readonly [from: number, to: number])[]): Trace {
  const moved = (connection: TraceConnection): TraceConnection => {
    // The client's leg is the first of the story.
    const file = connection.id === 0 ? 0 : 1;
    return { ...connection, first: { ...connection.first, file }, last: { ...connection.last, file } };
  };
  const times = files.map(([from, to]): FileTimes => ({ firstNs: from * 1e9, lastNs: to * 1e9 }));
  return { ...built, files: times, connections: built.connections.map(moved) };
}

describe('files that do not end together', () => {
  const muted = (): Trace => watching().mute('upstream', 10, 10.2, 10.6, 11.4).end(600);
  const closed = (): Trace => watching().closes('fin', 'upstream', 40).end(600);

  test('that end together leave all as it is in one file', () => {
    expect(
      told(
        buildIncident(
          inFiles(muted(), [
            [0, 600],
            [0, 600],
          ]),
        ),
      ),
    ).toEqual(told(buildIncident(muted())));
    expect(told(buildIncident(muted()))).toEqual(['c1/u1 peer-silent 10- capture-end']);
  });

  test("the upstream's ends before three seconds without an answer are over: what came then is not known, and nothing dead", () => {
    const incident = buildIncident(
      inFiles(muted(), [
        [0, 600],
        [0, 12],
      ]),
    );
    expect(told(incident)).toEqual([]);
    expect(incident.verdict.state).not.toBe('healthy');
    expect(legNamed(incident, 'u1')).toMatchObject({ closed: { how: 'open' }, watchedToNs: 12e9 });
    expect(legNamed(incident, 'u1').liveness.at(-1)).toMatchObject({ state: 'unanswered', toNs: 12e9 });
  });

  test('and three seconds later it is dead, and its client hangs as long as its own file shows', () => {
    const incident = buildIncident(
      inFiles(muted(), [
        [0, 300],
        [0, 14],
      ]),
    );
    expect(told(incident)).toEqual(['c1/u1 peer-silent 10- capture-end']);
    expect(incident.windows[0]?.durationNs).toBe(290e9);
  });

  test("the client's ends before the upstream closes: whether its streams were ended is not known", () => {
    expect(told(buildIncident(closed()))).toEqual(['c1/u1 closed-not-propagated 40- capture-end']);
    expect(
      told(
        buildIncident(
          inFiles(closed(), [
            [0, 30],
            [0, 600],
          ]),
        ),
      ),
    ).toEqual([]);
    expect(
      told(
        buildIncident(
          inFiles(closed(), [
            [0, 41],
            [0, 600],
          ]),
        ),
      ),
    ).toEqual([]);
  });

  test('a rotated set was watched to its end, also where no connection lasted from one file to the next', () => {
    const built = inFiles(muted(), [
      [11.5, 600],
      [0, 11.4],
    ]);
    expect(told(buildIncident(built))).toEqual(['c1/u1 peer-silent 10- capture-end']);
  });

  test('so was a connection that goes on in a file which lasts', () => {
    const built = inFiles(muted(), [
      [0, 600],
      [0, 12],
      [11, 600],
    ]);
    const onwards = {
      ...built,
      connections: built.connections.map((one) => ({ ...one, last: { ...one.last, file: one.id === 0 ? 0 : 2 } })),
    };
    expect(told(buildIncident(onwards))).toEqual(['c1/u1 peer-silent 10- capture-end']);
  });

  test('and two interfaces of one gateway, by the cooked header: nothing was there any more on the one that ends first', () => {
    const built = inFiles(muted(), [
      [0, 600],
      [0, 12],
    ]);
    const cooked = {
      ...built,
      connections: built.connections.map((one) => ({ ...one, localSide: one.id === 0 ? (1 as const) : (0 as const) })),
    };
    expect(told(buildIncident(cooked))).toEqual(['c1/u1 peer-silent 10- capture-end']);
    const elsewhere = {
      ...built,
      connections: built.connections.map((one) => ({ ...one, localSide: one.id === 0 ? (0 as const) : (1 as const) })),
    };
    expect(told(buildIncident(elsewhere))).toEqual([]);
  });
});
