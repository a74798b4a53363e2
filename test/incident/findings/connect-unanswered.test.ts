import { describe, expect, test } from 'vitest';
import { trace } from '../../build/trace.ts';
import { findingsIn, watching } from '../stories.ts';

describe('connect-unanswered', () => {
  test('SYNs without an answer while a client waits', () => {
    const built = trace().client('c1').list(1, { at: 20 }).attempt('u1', { at: 20.001 }).sendsSynAgain(21, 23, 27);
    expect(findingsIn(built.end(600), 'connect-unanswered')).toMatchObject([
      { severity: 'critical', connection: 'u1', args: { syns: 4, spanNs: 6.999e9 } },
    ]);
  });

  test('nobody waited: broken, but no proof', () => {
    const built = watching().attempt('u2', { at: 20 }).sendsSynAgain(21, 23).end(600);
    expect(findingsIn(built, 'connect-unanswered')).toMatchObject([{ severity: 'warning' }]);
  });

  test('a connection that opened after a lost SYN was answered', () => {
    const built = watching().upstream('u2', { at: 20 }).end(600);
    expect(findingsIn(built, 'connect-unanswered')).toEqual([]);
  });

  test('a single SYN says nothing', () => {
    expect(findingsIn(watching().attempt('u2', { at: 20 }).end(600), 'connect-unanswered')).toEqual([]);
  });

  test('two SYNs just before the capture ends: it cannot tell', () => {
    const built = watching().attempt('u2', { at: 20 }).sendsSynAgain(21).end(22);
    expect(findingsIn(built, 'connect-unanswered')).toEqual([]);
  });

  test('that the answer is in the capture, and does not get through, is said', () => {
    const silent = watching().attempt('u2', { at: 20 }).sendsSynAgain(21, 23);
    expect(findingsIn(silent.end(600), 'connect-unanswered')).toMatchObject([{ args: { answeredInVain: false } }]);
    const synAck = { file: 0, packet: 9000, timeNs: 20.001e9 };
    const [, , attempt] = silent.end(600).connections;
    const heard = silent.speaks('upstream', 20.001).with({ handshake: { by: 0, syn: attempt?.first ?? null, synAck } });
    expect(findingsIn(heard.end(600), 'connect-unanswered')).toMatchObject([{ args: { answeredInVain: true } }]);
  });
});
