import { describe, expect, test } from 'vitest';
import { buildIncident, type Incident, type Window } from '../../src/incident/index.ts';
import type { Trace } from '../../src/trace/index.ts';
import { trace } from '../build/trace.ts';
import { onlyWindow, told, watching, watchingWithSpare } from './stories.ts';

function windowIn(built: Trace): Window {
  return onlyWindow(buildIncident(built));
}

describe('causes', () => {
  test('peer-silent: nothing more from the upstream', () => {
    expect(windowIn(watching().retransmits(10, 20, 40).end(600)).cause).toBe('peer-silent');
    expect(windowIn(watching().probes(60, 70, 80).end(600)).cause).toBe('peer-silent');
  });

  test('path-one-way: the upstream is heard and never acknowledged', () => {
    expect(windowIn(watching().mute('gateway', 10, 10.2, 10.6, 11.4).end(600)).cause).toBe('path-one-way');
  });

  test('path-one-way: both send again past each other', () => {
    const built = watching().mute('upstream', 10, 10.2, 11, 20).mute('gateway', 12, 12.2, 13, 22).end(600);
    expect(windowIn(built).cause).toBe('path-one-way');
  });

  test('path-one-way: what the capture shows acknowledged is sent again all the same', () => {
    const built = watching().mute('upstream', 10, 10.2, 10.6, 11.4).inVain().speaks('upstream', 10.05).end(600);
    expect(windowIn(built).cause).toBe('path-one-way');
  });

  test('path-one-way: an upstream still heard seconds after what it never acknowledges', () => {
    const built = watching().mute('upstream', 10, 10.2, 10.6, 40).speaks('upstream', 30).end(600);
    expect(windowIn(built).cause).toBe('path-one-way');
  });

  test('reset: told to the client at once', () => {
    const built = watching().closes('rst', 'upstream', 50).on('c1').resetsStream(7, 'gateway', 50.1).end(600);
    expect(told(buildIncident(built))).toEqual(['c1/u1 reset 50-50.1 gateway-closed']);
  });

  test('closed-not-propagated: a RST that left the client’s stream open', () => {
    expect(told(buildIncident(watching().closes('rst', 'upstream', 50).end(600)))).toEqual([
      'c1/u1 closed-not-propagated 50- capture-end',
    ]);
  });

  test('closed-not-propagated: a FIN that left it open', () => {
    const built = watching().closes('fin', 'upstream', 50).closes('fin', 'gateway', 50.1).end(600);
    expect(told(buildIncident(built))).toEqual(['c1/u1 closed-not-propagated 50- capture-end']);
  });

  test('a FIN: what may have told the client is not in the capture, and nobody can say', () => {
    const closed = (until: number, from = 0): Incident =>
      buildIncident(watching().closes('fin', 'upstream', 50).on('c1').unread('gateway', from, until).end(600));
    // Lost before the stream's last event: what came after it was read.
    expect(told(closed(4))).toEqual(['c1/u1 closed-not-propagated 50- capture-end']);
    const unread = { windows: [], verdict: { state: 'inconclusive', reason: { kind: 'unread', connection: 'c1' } } };
    expect(closed(20)).toMatchObject(unread);
    expect(closed(51)).toMatchObject(unread);
    expect(closed(500, 52)).toMatchObject(unread);
    // Once it has waited for so long, it was left waiting, whatever was said later.
    expect(told(closed(500, 54))).toEqual(['c1/u1 closed-not-propagated 50- capture-end']);
  });

  test('a FIN that was passed on is the end of a connection', () => {
    const built = watching().closes('fin', 'upstream', 50).on('c1').resetsStream(7, 'gateway', 50.1).end(600);
    expect(buildIncident(built)).toMatchObject({ windows: [], verdict: { state: 'healthy' } });
  });

  test('a FIN that was passed on by closing the client’s connection is the end of both', () => {
    const closed = (at: number): string[] =>
      told(buildIncident(watching().closes('fin', 'upstream', 50).on('c1').closes('fin', 'gateway', at).end(600)));
    expect(closed(50.01)).toEqual([]);
    // Envoy's delayed_close_timeout, after a tunnel.
    expect(closed(51.002)).toEqual([]);
    expect(closed(53)).toEqual(['c1/u1 closed-not-propagated 50-53 gateway-closed']);
  });

  test('healed probes of which the capture may have lost the answers are no death; where it lost nothing, they are', () => {
    const probed = (lostByCapture: number): string[] =>
      told(
        buildIncident(
          watching().probes(60, 75, 90, 105).answered(120).on('c1').flow('client', { lostByCapture }).end(600),
        ),
      );
    expect(probed(0)).toEqual(['c1/u1 peer-silent 60-120 healed']);
    expect(probed(1)).toEqual([]);
  });

  test('but what was sent again in vain was not answered unseen', () => {
    const sent = watching().retransmits(60, 61, 63, 67).answered(120).on('c1').flow('client', { lostByCapture: 1 });
    expect(told(buildIncident(sent.end(600)))).toHaveLength(1);
  });

  test('refused: the SYN was answered by RST while the client waited', () => {
    const built = trace().client('c1').list(1, { at: 20 }).attempt('u1', { at: 20.001 }).refused(20.002).end(600);
    expect(told(buildIncident(built))).toEqual(['c1/u1 refused 20.002- capture-end']);
  });

  test('connect-unanswered: the SYN was never answered while the client waited', () => {
    const built = trace().client('c1').list(1, { at: 20 }).attempt('u1', { at: 20.001 }).sendsSynAgain(21, 23, 27);
    expect(told(buildIncident(built.end(600)))).toEqual(['c1/u1 connect-unanswered 20.001- capture-end']);
  });

  test('goaway-ignored: the stream stayed on a connection whose GOAWAY said no', () => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 21, 3).end(600);
    const window = windowIn(built);
    expect(window).toMatchObject({ cause: 'goaway-ignored', fromNs: 21e9 });
    expect(window.streams.map(({ id }) => id)).toEqual([9]);
  });

  test('goaway-ignored: not by a request whose answer may be among what the capture lost', () => {
    const waits = (from: number, until: number): string[] => {
      const story = watching().goaway('upstream', 21, 3).on('c1').list(9, { at: 22 }).unread('gateway', from, until);
      return told(buildIncident(story.end(600)));
    };
    expect(waits(0, 21.5)).toEqual(['c1/u1 goaway-ignored 21- capture-end']);
    expect(waits(0, 23)).toEqual([]);
    expect(waits(40, 60)).toEqual([]);
  });

  test('peer-silent: the gateway gave up over its own PING, though the kernel went on acknowledging', () => {
    const built = watching()
      .pingsInVain('gateway', 30)
      .speaks('upstream', 30.001)
      .closes('rst', 'gateway', 50)
      .end(600);
    expect(windowIn(built)).toMatchObject({
      cause: 'peer-silent',
      confidence: 'probable',
      fromNs: 30e9,
      toNs: 50e9,
      end: { how: 'gateway-closed' },
    });
  });
});

test('a GOAWAY that was ignored and the FIN that followed are one window, to the end of the capture', () => {
  const built = watching()
    .on('c1')
    .list(9, { at: 20 })
    .on('u1')
    .carries(9, 5)
    .goaway('upstream', 21, 3)
    .closes('fin', 'upstream', 60)
    .end(600);
  const incident = buildIncident(built);
  expect(told(incident)).toEqual(['c1/u1 goaway-ignored 21- capture-end']);
  expect(incident.windows[0]?.streams.map(({ id }) => id)).toEqual([7, 9]);
});

test.each([
  [21.01, []],
  [21.9, []],
  [22.5, ['c1/u1 goaway-ignored 21-22.5 gateway-closed']],
])(
  'a GOAWAY of which the client is told at %d s: only what was left open for longer than a second was ignored',
  (at, windows) => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5).goaway('upstream', 21, 3);
    expect(told(buildIncident(built.on('c1').resetsStream(9, 'gateway', at, 7).end(600)))).toEqual(windows);
  },
);

describe('when it began', () => {
  test('at the last that was heard, where the gateway’s own giving up was the first that stayed unanswered', () => {
    const built = watching().mute('upstream', 60, 60.2, 61, 64).closes('fin', 'gateway', 60);
    const incident = buildIncident(built.on('c1').resetsStream(7, 'gateway', 60.01).end(600));
    expect(told(incident)).toEqual(['c1/u1 peer-silent 5-60 gateway-closed']);
    expect(incident.windows[0]?.onset).toEqual({ lastHeardNs: 5e9, firstUnansweredNs: 60e9 });
    expect(incident.findings).toContainEqual(
      expect.objectContaining({ code: 'upstream-unanswered', severity: 'critical', connection: 'u1' }),
    );
  });

  test('but not where something had been unanswered before', () => {
    const built = watching().mute('upstream', 50, 50.2, 51, 54).closes('fin', 'gateway', 60);
    const incident = buildIncident(built.on('c1').resetsStream(7, 'gateway', 60.01).end(600));
    expect(told(incident)).toEqual(['c1/u1 peer-silent 50-60 gateway-closed']);
  });

  test('from lies at the first unanswered elicit, after the last proof of life', () => {
    const { fromNs, onset } = windowIn(watching().retransmits(10, 20, 40).end(600));
    expect(fromNs).toBe(9.8e9);
    expect(onset).toEqual({ lastHeardNs: 5e9, firstUnansweredNs: 9.8e9 });
  });

  test('what was on its way when the path broke still arrives', () => {
    const { onset } = windowIn(watching().mute('upstream', 9.8, 10, 20, 40).speaks('upstream', 9.85).end(600));
    expect(onset).toEqual({ lastHeardNs: 9.85e9, firstUnansweredNs: 10e9 });
  });

  test('of a mute gateway, last heard is the gateway', () => {
    const { onset } = windowIn(watching().mute('gateway', 10, 10.2, 10.6, 11.4).end(600));
    expect(onset).toEqual({ lastHeardNs: 1.001e9, firstUnansweredNs: 10e9 });
  });
});

describe('how sure', () => {
  test('a link by request and a proven death are confirmed', () => {
    expect(windowIn(watching().retransmits(10, 20, 40).end(600)).confidence).toBe('confirmed');
  });

  test('fewer tries and the gateway’s own giving up are probable', () => {
    const built = watching().retransmits(10, 20).closes('rst', 'gateway', 40).on('c1').resetsStream(7, 'gateway', 40.1);
    expect(windowIn(built.end(600))).toMatchObject({ confidence: 'probable', end: { how: 'gateway-closed' } });
  });

  test('the same without the giving up is no window', () => {
    expect(buildIncident(watching().retransmits(10, 20).end(600)).windows).toEqual([]);
  });
});

describe('loss that recovered', () => {
  test('a stream that waited thirty seconds makes it a window that healed', () => {
    expect(told(buildIncident(watching().mute('upstream', 10, 11, 13, 17).answered(40).end(600)))).toEqual([
      'c1/u1 peer-silent 10-40 healed',
    ]);
  });

  test('one that waited less does not', () => {
    const incident = buildIncident(watching().mute('upstream', 10, 11, 13, 17).answered(39.9).end(600));
    expect(incident).toMatchObject({ windows: [], verdict: { state: 'healthy' } });
  });

  test('nor does a stream that was asked late, or given up early', () => {
    const stalled = (): ReturnType<typeof trace> => trace().client('c1').list(1, { at: 20 }).upstream('u1');
    const late = stalled().carries(1, 3).mute('upstream', 10, 11, 13, 17).answered(45).end(600);
    expect(buildIncident(late).windows).toEqual([]);
    const cancelled = watching()
      .mute('upstream', 10, 11, 13, 17)
      .answered(60)
      .on('c1')
      .resetsStream(7, 'client', 30, 8);
    expect(buildIncident(cancelled.end(600)).windows).toEqual([]);
  });
});

describe('pairs', () => {
  test('several clients on one upstream: one window each', () => {
    const built = watching().client('c2').watch(1, { at: 2 }).on('u1').carries(1, 5).retransmits(10, 20, 40).end(600);
    expect(told(buildIncident(built))).toEqual([
      'c1/u1 peer-silent 9.8- capture-end',
      'c2/u1 peer-silent 9.8- capture-end',
    ]);
  });

  test('a client that connects to the gateway after its upstream died is hurt all the same', () => {
    const built = trace()
      .upstream('u1')
      .speaks('upstream', 5)
      .mute('upstream', 10, 11, 13, 17)
      .client('c1', { at: 100 })
      .watch(1, { at: 100.1 })
      .on('u1')
      .carries(1, 3)
      .end(600);
    expect(told(buildIncident(built))).toEqual(['c1/u1 peer-silent 10- capture-end']);
  });

  test('a client that reconnects and falls to the same dead upstream: a second window', () => {
    const built = watching().retransmits(10, 20, 40).client('c2', { at: 100 }).watch(1, { at: 100.1 }).on('u1');
    expect(told(buildIncident(built.carries(1, 5).end(600)))).toEqual([
      'c1/u1 peer-silent 9.8-100.1 client-reconnected',
      'c2/u1 peer-silent 9.8- capture-end',
    ]);
  });

  test('one client over two upstreams of which one is dead: only that stream is hurt', () => {
    const built = watchingWithSpare()
      .on('c1')
      .watch(9, { at: 2 })
      .on('u2')
      .carries(9, 1)
      .answers(1, 200, 2.1)
      .on('u1')
      .retransmits(10, 20, 40)
      .end(600);
    const window = windowIn(built);
    expect([window.client, window.upstream]).toEqual(['c1', 'u1']);
    expect(window.streams.map(({ id, upstreamStream }) => [id, upstreamStream?.id ?? null])).toEqual([[7, 3]]);
  });

  test('it dies, heals and dies again: two windows', () => {
    const built = watching().mute('upstream', 10, 11, 13, 17).answered(50).mute('upstream', 100, 101, 103, 107);
    expect(told(buildIncident(built.end(600)))).toEqual([
      'c1/u1 peer-silent 10-50 healed',
      'c1/u1 peer-silent 100- capture-end',
    ]);
  });

  test('debts of both sides that overlap are one death', () => {
    const built = watching().mute('upstream', 10, 10.2, 11, 20).mute('gateway', 12, 12.2, 13, 22).end(600);
    expect(buildIncident(built).windows).toHaveLength(1);
  });

  test('attempts that follow closely for the same request are one window, dated from the first', () => {
    const to = '10.9.2.9:8080';
    const built = trace()
      .client('c1')
      .list(1, { at: 20 })
      .attempt('u1', { at: 20.001, to })
      .refused(20.002)
      .attempt('u2', { at: 20.5, to })
      .refused(20.501)
      .end(600);
    expect(told(buildIncident(built))).toEqual(['c1/u1 refused 20.002- capture-end']);
  });

  test('attempts at two servers in the same moment: either may be what the client waits for, neither is a window', () => {
    const built = trace()
      .client('c1')
      .list(1, { at: 20 })
      .attempt('u1', { at: 20.001 })
      .refused(20.002)
      .attempt('u2', { at: 20.5 })
      .refused(20.501)
      .end(600);
    expect(buildIncident(built).windows).toEqual([]);
  });
});

describe('no window', () => {
  test('where no stream was on the dead connection', () => {
    const built = watching().ends(3, 8).retransmits(10, 20, 40).end(600);
    expect(buildIncident(built).windows).toEqual([]);
  });

  test('where the client was gone already', () => {
    const built = watching().on('c1').closes('rst', 'client', 8).on('u1').retransmits(10, 20, 40).end(600);
    expect(buildIncident(built).windows).toEqual([]);
  });

  test.each(['gateway', 'upstream'] as const)('where the capture has no packet of the %s on that leg', (who) => {
    const built = watching()
      .retransmits(10, 20, 40)
      .mute('gateway', 10, 11, 13, 17)
      .closes('rst', 'upstream', 50)
      .unseen(who)
      .end(600);
    const incident = buildIncident(built);
    expect(incident.windows).toEqual([]);
    expect(incident.verdict.state).toBe('inconclusive');
    expect(incident.findings.map(({ code }) => code)).toEqual(['capture-trust']);
  });

  test('where only chance links the two', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .upstream('u1')
      .carries(7, 3, { method: 'payload', candidates: 2 })
      .retransmits(10, 20, 40)
      .end(600);
    const incident = buildIncident(built);
    expect(incident.windows).toEqual([]);
    expect(incident.verdict).toMatchObject({ state: 'suspect', reason: { kind: 'dead-upstream-unlinked' } });
  });

  test('where refusals were retried at once elsewhere', () => {
    const built = watchingWithSpare()
      .on('c1')
      .list(9, { at: 20 })
      .attempt('u3', { at: 20.001 })
      .refused(20.002)
      .on('u2')
      .carries(9, 1, { at: 20.003 })
      .serves(1, 20.1)
      .end(600);
    expect(buildIncident(built)).toMatchObject({ windows: [], verdict: { state: 'healthy' } });
  });
});
