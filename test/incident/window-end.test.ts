import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { onlyWindow, watching, watchingWithSpare } from './stories.ts';

/** Dead from 9.8 s on. */
function dead(): TraceBuilder {
  return watching().retransmits(10, 20, 40);
}

function endOf(built: TraceBuilder): string {
  const { end, toNs } = onlyWindow(buildIncident(built.end(600)));
  return end.at === null ? end.how : `${end.how} ${(toNs ?? 0) / 1e9}`;
}

describe('ends', () => {
  test('gateway-closed: it reset the upstream connection', () => {
    expect(endOf(dead().closes('rst', 'gateway', 92))).toBe('gateway-closed 92');
  });

  test('gateway-closed: it answered the client itself', () => {
    expect(endOf(dead().on('c1').answers(7, 504, 92).ends(7, 92))).toBe('gateway-closed 92');
  });

  test('gateway-closed: it reset the client’s stream', () => {
    expect(endOf(dead().on('c1').resetsStream(7, 'gateway', 92))).toBe('gateway-closed 92');
  });

  test('gateway-closed only when the last of the streams was told', () => {
    const two = watching().on('c1').watch(9, { at: 2 }).on('u1').carries(9, 5).retransmits(10, 20, 40).on('c1');
    expect(endOf(two.resetsStream(7, 'gateway', 92))).toBe('capture-end');
    expect(endOf(two.resetsStream(9, 'gateway', 95))).toBe('gateway-closed 95');
  });

  test('upstream-closed: its RST, or its FIN', () => {
    expect(endOf(dead().closes('rst', 'upstream', 92))).toBe('upstream-closed 92');
    expect(endOf(dead().closes('fin', 'upstream', 92))).toBe('upstream-closed 92');
  });

  test('healed: proof of life again', () => {
    expect(endOf(dead().answered(80))).toBe('healed 80');
  });

  test('rerouted: the waiting request was served through another upstream', () => {
    const built = watchingWithSpare()
      .on('c1')
      .list(9, { at: 30 })
      .on('u1')
      .carries(9, 5)
      .ends(3, 8)
      .retransmits(10, 20, 40)
      .on('u2')
      .carries(9, 1, { at: 70 })
      .serves(1, 70.1);
    expect(endOf(built)).toBe('rerouted 70');
    expect(onlyWindow(buildIncident(built.end(600))).streams).toEqual([]);
  });

  test('client-reconnected: it asks the same on a new connection', () => {
    const built = dead().client('c2', { at: 100 }).watch(1, { at: 100.1 }).upstream('u2', { at: 100 }).carries(1, 1);
    expect(endOf(built.answers(1, 200, 100.2))).toBe('client-reconnected 100.1');
  });

  test('over HTTP/1.1 a second connection is no reconnection, as long as the first is kept', () => {
    const asked = (change: (built: TraceBuilder) => TraceBuilder): string =>
      endOf(
        change(dead().on('c1').with({ protocol: 'http1' }))
          .client('c2', { at: 100 })
          .watch(1, { at: 100.1 })
          .upstream('u2', { at: 100 })
          .carries(1, 1)
          .answers(1, 200, 100.2),
      );
    expect(asked((built) => built)).toBe('capture-end');
    expect(asked((built) => built.closes('fin', 'client', 100.05))).toBe('client-reconnected 100.1');
  });

  test('another client that asks the same is no reconnection', () => {
    const built = dead()
      .client('c2', { at: 100, from: '10.9.1.77:50009' })
      .watch(1, { at: 100.1 })
      .upstream('u2', { at: 100 })
      .carries(1, 1)
      .answers(1, 200, 100.2);
    expect(endOf(built)).toBe('capture-end');
  });

  test('client-gone: its connection ended', () => {
    expect(endOf(dead().on('c1').closes('rst', 'client', 92))).toBe('client-gone 92');
    expect(endOf(dead().on('c1').closes('fin', 'client', 92))).toBe('client-gone 92');
  });

  test('client-gone: it died itself', () => {
    expect(endOf(dead().on('c1').mute('client', 92, 93, 95, 99))).toBe('client-gone 92');
  });

  test('capture-end: still so', () => {
    const window = onlyWindow(buildIncident(dead().end(600)));
    expect(window).toMatchObject({ toNs: null, durationNs: 590.2e9, end: { how: 'capture-end', at: null } });
  });

  test('a RST that the peer would not accept ends nothing', () => {
    expect(endOf(dead().closes('rst', 'gateway', 92, { accepted: false }))).toBe('capture-end');
  });
});

describe('an answer that came when the upstream was back', () => {
  const askedLate = (backAt: number): TraceBuilder =>
    trace()
      .client('c1')
      .list(9, { at: 10 })
      .upstream('u1')
      .carries(9, 5)
      .mute('upstream', 10.001, 10.2, 11, 13)
      .answered(backAt)
      .serves(5, backAt + 0.02);

  test('is no word of the gateway: the upstream had healed', () => {
    expect(endOf(askedLate(50))).toBe('healed 50');
  });

  test('and of a short loss it makes no window', () => {
    const incident = buildIncident(askedLate(14).end(600));
    expect(incident).toMatchObject({ windows: [], verdict: { state: 'healthy' } });
  });
});

describe('where several hold', () => {
  test('the earliest ends it', () => {
    expect(endOf(dead().closes('rst', 'gateway', 92).on('c1').closes('rst', 'client', 50))).toBe('client-gone 50');
  });

  test('of two at once, the gateway before the upstream, the upstream before the client', () => {
    const both = dead().closes('rst', 'upstream', 92).on('c1').closes('rst', 'client', 92);
    expect(endOf(both)).toBe('upstream-closed 92');
    expect(endOf(both.on('u1').closes('rst', 'gateway', 92.05))).toBe('gateway-closed 92.05');
  });

  test('a tenth of a second apart is not at once', () => {
    const built = dead().closes('rst', 'gateway', 92.2).on('c1').closes('rst', 'client', 92);
    expect(endOf(built)).toBe('client-gone 92');
  });

  test('healed before the client reconnects, rerouted before the client is gone', () => {
    const reconnects = dead().answered(80).client('c2', { at: 79 }).watch(1, { at: 80.05 });
    expect(endOf(reconnects)).toBe('healed 80');
  });
});

describe('attempts that never opened', () => {
  function attempt(): TraceBuilder {
    return trace()
      .client('c1')
      .list(1, { at: 20 })
      .upstream('u1')
      .attempt('u2', { at: 20.001 })
      .sendsSynAgain(21, 23, 27);
  }

  test('the gateway answers the client: closed', () => {
    expect(endOf(attempt().on('c1').answers(1, 503, 30).ends(1, 30))).toBe('gateway-closed 30');
  });

  test('the request goes to another upstream after all: rerouted', () => {
    expect(endOf(attempt().on('u1').carries(1, 1, { at: 30 }).serves(1, 30.1))).toBe('rerouted 30');
  });

  test('passed on before the attempt could be called dead: nobody was hurt', () => {
    const built = attempt().on('u1').carries(1, 1, { at: 22.9 }).serves(1, 23);
    expect(buildIncident(built.end(600)).windows).toEqual([]);
  });
});
