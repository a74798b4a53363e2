import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { icmpText } from '../../../src/report/words/icmp.ts';
import { findingsIn, watching } from '../stories.ts';

describe('icmp-error', () => {
  test('an unreachable host explains a death, and is no death by itself', () => {
    const dead = watching().retransmits(10, 20, 40).icmpError('gateway', 12).icmpError('gateway', 22).end(600);
    expect(findingsIn(dead, 'icmp-error')).toMatchObject([
      { severity: 'warning', connection: 'u1', args: { count: 2, about: 'client', type: 3, icmpCode: 1 } },
    ]);
    const alive = watching().icmpError('gateway', 12).end(60);
    expect(findingsIn(alive, 'icmp-error')).toMatchObject([{ severity: 'info' }]);
    expect(buildIncident(alive).windows).toEqual([]);
  });

  test('time exceeded on the way counts, a packet that was too large does not', () => {
    expect(findingsIn(watching().icmpError('upstream', 12, 11, 0).end(60), 'icmp-error')).toMatchObject([
      { args: { about: 'server', type: 11 } },
    ]);
    expect(findingsIn(watching().icmpError('gateway', 12, 3, 4).end(60), 'icmp-error')).toEqual([]);
  });

  test("its words are the RFCs', and its numbers where these have none", () => {
    expect(icmpText(4, 3, 13)).toBe('communication administratively prohibited');
    expect(icmpText(6, 1, 4)).toBe('port unreachable');
    expect(icmpText(4, 3, 99)).toBe('destination unreachable, code 99');
    expect(icmpText(6, 3, 0)).toBe('time to live exceeded on the way');
    expect(icmpText(4, 12, 1)).toBe('type 12, code 1');
  });
});
