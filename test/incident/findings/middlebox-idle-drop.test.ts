import { describe, expect, test } from 'vitest';
import { findingsIn, onlyWindow, watching } from '../stories.ts';
import { buildIncident } from '../../../src/incident/index.ts';

describe('middlebox-idle-drop', () => {
  test('a long silence, then the first packet is never answered: it explains the window', () => {
    const built = watching().mute('upstream', 400, 401, 403, 407).end(500);
    expect(onlyWindow(buildIncident(built)).cause).toBe('peer-silent');
    expect(findingsIn(built, 'middlebox-idle-drop')).toMatchObject([
      { severity: 'info', connection: 'u1', args: { met: 'unanswered', survivedNs: 0 } },
    ]);
  });

  test('or is reset at once', () => {
    const built = watching().on('c1').speaks('client', 400).closes('rst', 'gateway', 400.02).end(500);
    expect(findingsIn(built, 'middlebox-idle-drop')).toMatchObject([
      {
        severity: 'warning',
        connection: 'c1',
        args: { met: 'reset' },
        packets: [{}, { timeNs: 400e9 }, { timeNs: 400.02e9 }],
      },
    ]);
  });

  test('a silence that did no harm before tells which time-outs it is not', () => {
    const built = watching().on('c1').speaks('client', 310).speaks('gateway', 310.01).speaks('client', 700);
    expect(findingsIn(built.closes('rst', 'gateway', 700.02).end(800), 'middlebox-idle-drop')).toMatchObject([
      { args: { survivedNs: (310 - 5.001) * 1e9 } },
    ]);
  });

  test('less than four minutes is no idle time-out of a load balancer', () => {
    const built = watching().mute('upstream', 244, 245, 247, 251).end(500);
    expect(findingsIn(built, 'middlebox-idle-drop')).toEqual([]);
  });

  test('answered in the end, it was loss', () => {
    const built = watching().mute('upstream', 400, 401, 403, 407).answered(408).end(500);
    expect(findingsIn(built, 'middlebox-idle-drop')).toEqual([]);
  });

  test('a connection that is closed after a silence was not forgotten by anybody', () => {
    const closed = watching().on('c1').closes('rst', 'gateway', 400).end(500);
    expect(findingsIn(closed, 'middlebox-idle-drop')).toEqual([]);
    const finished = watching().on('c1').closes('fin', 'gateway', 400).closes('rst', 'client', 400.02).end(500);
    expect(findingsIn(finished, 'middlebox-idle-drop')).toEqual([]);
  });

  test('a server that died on another connection too explains it better', () => {
    const built = watching().mute('upstream', 400, 401, 403, 407).upstream('u2', { at: 2, to: '10.9.2.2:8080' });
    expect(findingsIn(built.probes(390, 400, 410).end(500), 'middlebox-idle-drop')).toEqual([]);
  });

  test('with one direction missing, the answer may be in it', () => {
    const built = watching().mute('upstream', 400, 401, 403, 407).unseen('upstream').end(500);
    expect(findingsIn(built, 'middlebox-idle-drop')).toEqual([]);
  });
});
