import { describe, expect, test } from 'vitest';
import { buildIncident, type Meanwhile } from '../../src/incident/index.ts';
import type { TraceBuilder } from '../build/trace.ts';
import { onlyWindow, watching, watchingWithSpare } from './stories.ts';

function meanwhile(built: TraceBuilder): Meanwhile {
  return onlyWindow(buildIncident(built.end(600))).meanwhile;
}

describe('what the client could see while its upstream was dead', () => {
  test('its PINGs and who answered them, within the window only', () => {
    const built = watching().retransmits(10, 20, 40).closes('rst', 'gateway', 100).on('c1');
    expect(meanwhile(built.pings(8, 30, 60, 120).pingsInVain('client', 90))).toMatchObject({
      pings: 3,
      pingsAnswered: 2,
    });
  });

  test('where its requests went: into the dead connection, to another, nowhere', () => {
    const built = watchingWithSpare().retransmits(10, 20, 40).on('c1');
    built.list(9, { at: 30 }).list(11, { at: 40 }).list(13, { at: 50 }).list(15, { at: 5 });
    built.on('u1').carries(9, 5).on('u2').carries(11, 1).serves(1, 40.1);
    expect(meanwhile(built)).toMatchObject({
      requests: 3,
      intoDead: 1,
      elsewhere: [{ upstream: 'u2', requests: 1 }],
      unseen: 1,
    });
  });

  test('a request that was tried there first and then elsewhere was sent into the dead connection', () => {
    const built = watchingWithSpare().retransmits(10, 20, 40).on('c1').list(9, { at: 30 });
    built.on('u1').carries(9, 5).on('u2').carries(9, 1, { at: 60 }).serves(1, 60.1);
    expect(meanwhile(built)).toMatchObject({ requests: 1, intoDead: 1, elsewhere: [], unseen: 0 });
  });

  test('errors that the gateway made itself, and none that an upstream sent', () => {
    const built = watchingWithSpare().retransmits(10, 20, 40).on('c1').list(9, { at: 30 }).list(11, { at: 40 });
    built.answers(9, 503, 35).ends(9, 35).on('u2').carries(11, 1).answers(1, 503, 41).ends(1, 41);
    expect(meanwhile(built).gatewayErrors).toEqual([{ status: 503, grpcStatus: null, count: 1 }]);
  });
});

describe('what the gateway tried while its upstream was dead', () => {
  test('probes, PINGs and what was sent again, within the window only', () => {
    const built = watching().pings(4).probes(60, 70, 80).pingsInVain('gateway', 65).closes('rst', 'gateway', 90);
    const { checks } = onlyWindow(buildIncident(built.end(600)));
    expect(checks).toEqual({
      probes: 3,
      probesAnswered: 0,
      pings: 1,
      pingsAnswered: 0,
      retransmissions: 0,
      atLeast: [],
    });
  });

  test('what is sent again, the last packet of the capture too where the window lasts on', () => {
    const { checks } = onlyWindow(buildIncident(watching().retransmits(10, 20, 40).end(40)));
    expect(checks).toMatchObject({ retransmissions: 3, atLeast: [] });
  });
});

describe('why a window is no surer', () => {
  const doubts = (built: TraceBuilder): readonly string[] => onlyWindow(buildIncident(built.end(600))).doubts;

  test('nothing, where the request links them and the tries prove the death', () => {
    expect(doubts(watching().retransmits(10, 20, 40))).toEqual([]);
  });

  test('too few tries, though the gateway gave it up', () => {
    const built = watching().probes(60, 70).closes('rst', 'gateway', 80).on('c1').resetsStream(7, 'gateway', 80.1);
    expect(doubts(built)).toEqual(['given-up-early']);
  });

  test('only time tells who waited for an attempt', () => {
    const built = watching().on('c1').list(9, { at: 20 }).attempt('u2', { at: 20.001 }).sendsSynAgain(21, 23, 27);
    expect(doubts(built)).toEqual(['by-timing']);
  });
});
