import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { findingsIn, watching } from '../stories.ts';

describe('client-gone', () => {
  test('the gateway sends to a client that is not there any more: not half-dead', () => {
    const built = watching().on('c1').mute('client', 10, 10.2, 10.6, 11.4).end(600);
    expect(findingsIn(built, 'client-gone')).toMatchObject([
      { severity: 'info', connection: 'c1', args: { tries: 3 } },
    ]);
    expect(buildIncident(built).verdict.state).toBe('healthy');
  });

  test('a client that answers late is there', () => {
    const built = watching().on('c1').mute('client', 10, 10.2, 10.6, 11.4).answered(15).end(600);
    expect(findingsIn(built, 'client-gone')).toEqual([]);
  });

  test('two tries just before the end: nobody can tell', () => {
    const built = watching().on('c1').mute('client', 598, 598.2, 598.6).end(600);
    expect(findingsIn(built, 'client-gone')).toEqual([]);
  });

  test('a client that was never seen may be there all the time', () => {
    const built = watching().on('c1').mute('client', 10, 10.2, 10.6, 11.4).unseen('client').end(600);
    expect(findingsIn(built, 'client-gone')).toEqual([]);
  });
});
