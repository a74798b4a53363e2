import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('ping-unanswered', () => {
  test('PINGs stay without an acknowledgement and the connection is kept', () => {
    const built = watching().on('c1').pingsInVain('client', 30, 60).end(600);
    expect(findingsIn(built, 'ping-unanswered')).toMatchObject([
      { severity: 'warning', connection: 'c1', args: { pings: 2, thenClosed: false } },
    ]);
  });

  test('a connection that the asking side then closed was not kept', () => {
    const built = watching().pingsInVain('gateway', 30).closes('fin', 'gateway', 31).end(600);
    expect(findingsIn(built, 'ping-unanswered')).toMatchObject([{ connection: 'u1', args: { thenClosed: true } }]);
  });

  test('answered ones are fine', () => {
    expect(findingsIn(watching().on('c1').pings(30, 60).end(600), 'ping-unanswered')).toEqual([]);
  });

  test('one sent just before the connection closed may only have been too young', () => {
    const built = watching().on('c1').pingsInVain('client', 30).closes('rst', 'client', 32).end(600);
    expect(findingsIn(built, 'ping-unanswered')).toEqual([]);
  });

  test('one sent just before the capture ends says nothing', () => {
    expect(findingsIn(watching().on('c1').pingsInVain('client', 598).end(600), 'ping-unanswered')).toEqual([]);
  });

  test('with one direction missing, the answers may be in it', () => {
    const built = watching().on('c1').pingsInVain('client', 30, 60).unseen('gateway').end(600);
    expect(findingsIn(built, 'ping-unanswered')).toEqual([]);
  });
});
