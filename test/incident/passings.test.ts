import { expect, test } from 'vitest';
import { legsOf } from '../../src/incident/leg.ts';
import { Passings } from '../../src/incident/passings.ts';
import { castRoles } from '../../src/incident/roles.ts';
import { DEFAULT_THRESHOLDS } from '../../src/incident/thresholds.ts';
import { trace } from '../build/trace.ts';

/** Of a client that lived so long in an hour, asked ten times, and of whose requests so many seem to have been passed on. */
function oddsOf(lifeSeconds: number, matched: number): number {
  const built = trace().client('c1', { at: 0 }).speaks('client', lifeSeconds).upstream('u1', { at: 0.1 }).end(3600);
  const connections = built.connections.map((connection) => ({
    ...connection,
    asks: [{ asked: 10, acts: 3600, unexplained: 3600, openedFor: null }],
  }));
  const casting = castRoles({ ...built, connections });
  const legs = legsOf({ trace: { ...built, connections }, seenAs: new Map() }, casting, DEFAULT_THRESHOLDS);
  const [client, upstream] = legs;
  if (client === undefined || upstream === undefined) throw new Error('no legs');
  const [first, last] = [client.trace.first, client.trace.last];
  return new Passings(0, [{ hop: 0, near: 0, far: 1, matched, anew: matched, first, last }], legs, casting).odds(
    client,
    upstream,
  );
}

test('ten requests within ten seconds meet others by chance more often than ten within an hour', () => {
  expect(oddsOf(3600, 8)).toBeGreaterThan(8);
  expect(oddsOf(10, 8)).toBe(0);
});
