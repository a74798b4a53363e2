import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('ping-answered-by-gateway', () => {
  test("the client's health check was answered all through the window", () => {
    const built = watching().retransmits(10, 20, 40).on('c1').pings(30, 60, 90).end(600);
    expect(findingsIn(built, 'ping-answered-by-gateway')).toMatchObject([
      { severity: 'info', connection: 'c1', args: { pings: 3, windowNs: 590.2e9 } },
    ]);
  });

  test('PINGs outside of the window explain nothing', () => {
    const built = watching().retransmits(10, 20, 40).closes('rst', 'gateway', 92).on('c1').pings(3, 95).end(600);
    expect(findingsIn(built, 'ping-answered-by-gateway')).toEqual([]);
  });

  test('without a window there is nothing to explain', () => {
    expect(findingsIn(watching().on('c1').pings(30, 60).end(600), 'ping-answered-by-gateway')).toEqual([]);
  });

  test('where the capture shows no answer, it cannot say that the gateway answered', () => {
    const built = watching().retransmits(10, 20, 40).on('c1').pingsInVain('client', 30, 60).end(600);
    expect(findingsIn(built, 'ping-answered-by-gateway')).toEqual([]);
  });
});
