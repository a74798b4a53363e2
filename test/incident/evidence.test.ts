import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { onlyWindow, watching, watchingWithSpare } from './stories.ts';

/** `20 u1 retransmission by client 2`: second, connection, kind, sender, value. */
function rows(built: TraceBuilder): string[] {
  return onlyWindow(buildIncident(built.end(600))).evidence.map(
    ({ at, connection, kind, by, value }) =>
      `${at.timeNs / 1e9} ${connection} ${kind} by ${by}${value === null ? '' : ` ${value}`}`,
  );
}

describe('the packets that prove a window', () => {
  test('a death by silence: last heard, first unanswered, the tries, the giving up, and what the client got', () => {
    const built = watching().retransmits(10, 20, 40).closes('rst', 'gateway', 92);
    expect(rows(built.on('c1').pings(30).resetsStream(7, 'gateway', 92.1))).toEqual([
      '5 u1 last-heard by server',
      '9.8 u1 first-unanswered by client',
      '10 u1 retransmission by client 1',
      '20 u1 retransmission by client 2',
      '30 c1 client-ping by client 1',
      '30.001 c1 client-ping-answered by server 1',
      '40 u1 retransmission by client 3',
      '92 u1 close by client',
      '92.1 c1 stream-reset by server 7',
    ]);
  });

  test('a mute gateway is the one that was last heard', () => {
    expect(rows(watching().mute('gateway', 10, 10.2, 10.6, 11.4)).slice(0, 3)).toEqual([
      '1.001 u1 last-heard by client',
      '10 u1 first-unanswered by server',
      '10.2 u1 retransmission by server 1',
    ]);
  });

  test('probes are told as probes', () => {
    expect(rows(watching().probes(60, 70, 80))).toEqual([
      '5 u1 last-heard by server',
      '60 u1 first-unanswered by client',
      '70 u1 probe by client 2',
      '80 u1 probe by client 3',
    ]);
  });

  test.each([
    ['reset', (built: TraceBuilder) => built.closes('rst', 'upstream', 50).on('c1').resetsStream(7, 'gateway', 50.1)],
    ['close', (built: TraceBuilder) => built.closes('fin', 'upstream', 50)],
  ])('a %s is its own proof', (kind, change) => {
    expect(rows(change(watching()))).toContain(`50 u1 ${kind} by server`);
  });

  test('a GOAWAY is its own proof', () => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 21, 3);
    expect(rows(built)).toContain('21 u1 goaway by server');
  });

  test('a refusal: the SYN, its RST, the request that waited', () => {
    const built = trace().client('c1').list(1, { at: 20 }).attempt('u1', { at: 20.001 }).refused(20.002);
    expect(rows(built)).toEqual(['20.001 u1 syn by client', '20.002 u1 refused by server']);
  });

  test('healing, and the next request that an upstream served', () => {
    const healed = watching().retransmits(10, 20, 40).answered(80);
    expect(rows(healed)).toContain('80 u1 answered by server');
    const recovered = watchingWithSpare()
      .retransmits(10, 20, 40)
      .closes('rst', 'gateway', 92)
      .on('c1')
      .answers(7, 503, 92.1)
      .list(9, { at: 93 })
      .on('u2')
      .carries(9, 1)
      .serves(1, 93.1);
    expect(rows(recovered).slice(-2)).toEqual([
      '92.1 c1 gateway-response by server 503',
      '93 c1 recovered by client 9',
    ]);
  });

  test('no kind has more than twelve rows', () => {
    const tries = Array.from({ length: 16 }, (_, i) => 10 + i);
    const found = rows(watching().retransmits(...tries)).filter((row) => row.includes('retransmission'));
    expect(found).toHaveLength(12);
  });

  test('a packet is named once for each connection', () => {
    const found = rows(watching().retransmits(10, 20, 40));
    expect(new Set(found.map((row) => row.split(' ', 2).join(' '))).size).toBe(found.length);
  });
});
