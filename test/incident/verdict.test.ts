import { describe, expect, test } from 'vitest';
import { buildIncident, type Verdict } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { watching, watchingWithSpare } from './stories.ts';

function verdict(built: TraceBuilder, end = 600): Verdict {
  return buildIncident(built.end(end)).verdict;
}

describe('half-dead', () => {
  test('if there is a window', () => {
    expect(verdict(watching().retransmits(10, 20, 40))).toEqual({
      state: 'half-dead',
      confidence: 'confirmed',
      reason: { kind: 'windows', count: 1 },
    });
  });

  test('confirmed as soon as one window is', () => {
    const built = watching()
      .retransmits(10, 20, 40)
      .client('c2')
      .list(1, { at: 200 })
      .attempt('u2', { at: 200.001 })
      .sendsSynAgain(201, 203, 207);
    expect(verdict(built)).toEqual({
      state: 'half-dead',
      confidence: 'confirmed',
      reason: { kind: 'windows', count: 2 },
    });
  });

  test('probable where all of them are', () => {
    const built = trace().client('c1').list(1, { at: 20 }).attempt('u1', { at: 20.001 }).sendsSynAgain(21, 23, 27);
    expect(verdict(built)).toMatchObject({ state: 'half-dead', confidence: 'probable' });
  });
});

describe('suspect', () => {
  test('an upstream given up for a PING in vain that nobody is linked to', () => {
    const built = watching().upstream('u2').openStream(1, 5).pingsInVain('gateway', 30).closes('rst', 'gateway', 45);
    expect(verdict(built)).toMatchObject({
      state: 'suspect',
      reason: { kind: 'dead-upstream-unlinked', connection: 'u2' },
    });
  });

  test('a stream that the gateway resets, and is not seen to cancel on the connection that carried it', () => {
    const reset = (by: 'gateway' | 'client', tell: (built: TraceBuilder) => TraceBuilder): ReturnType<typeof verdict> =>
      verdict(tell(watching().on('c1').resetsStream(7, by, 30).on('u1')), 60);
    const reason = { kind: 'cancel-unseen', connection: 'u1' };
    expect(reset('gateway', (built) => built)).toEqual({ state: 'suspect', confidence: 'possible', reason });
    expect(reset('gateway', (built) => built.resetsStream(3, 'gateway', 30.001))).toMatchObject({ state: 'healthy' });
    expect(reset('gateway', (built) => built.events(3, 40))).toMatchObject({ state: 'suspect' });
    expect(reset('gateway', (built) => built.unread('gateway', 0, 31))).toMatchObject({ state: 'healthy' });
    expect(reset('client', (built) => built)).toMatchObject({ state: 'healthy' });
  });

  test('an upstream that cannot be read, and closed, where the gateway did not close its side: what was on it is not known', () => {
    const closed = (story: TraceBuilder): TraceBuilder => story.closes('fin', 'upstream', 50);
    const opaque = (): TraceBuilder =>
      watchingWithSpare()
        .on('u2')
        .with({ protocol: 'tls' })
        .flow('gateway', { bytes: 100 })
        .flow('upstream', { bytes: 100 });
    const reason = { kind: 'dead-upstream-unlinked', connection: 'u2' };
    expect(verdict(closed(opaque()))).toMatchObject({ state: 'suspect', reason });
    expect(verdict(closed(opaque()).closes('fin', 'gateway', 50.1))).toMatchObject({ state: 'healthy' });
    expect(verdict(closed(watchingWithSpare().on('u2')))).toMatchObject({ state: 'healthy' });
  });

  test('a dead upstream that nobody is linked to', () => {
    const built = watching().upstream('u2').retransmits(10, 20, 40);
    expect(verdict(built)).toEqual({
      state: 'suspect',
      confidence: 'possible',
      reason: { kind: 'dead-upstream-unlinked', connection: 'u2' },
    });
  });

  describe.each([
    ['refused', (built: TraceBuilder) => built.attempt('u2', { at: 20 }).refused(20.001)],
    ['left unanswered', (built: TraceBuilder) => built.attempt('u2', { at: 20 }).sendsSynAgain(21, 23, 27)],
  ])('an attempt that was %s', (_, attempts) => {
    const unlinked = { state: 'suspect', reason: { kind: 'dead-upstream-unlinked', connection: 'u2' } };

    test('and for which nobody is seen to wait, whether or not clients can be read', () => {
      expect(verdict(attempts(watching()))).toMatchObject(unlinked);
      const closed = trace().client('c1').watch(7, { at: 1 }).answers(7, 200, 2).with({ protocol: 'tls' });
      expect(verdict(attempts(closed.upstream('u1')))).toMatchObject(unlinked);
    });

    test('where the capture has no client at all', () => {
      const built = attempts(trace().upstream('u1')).end(600);
      const hints = { gateways: ['10.9.0.2'], clientPort: null, upstreamPort: null };
      expect(buildIncident(built, undefined, hints).verdict).toMatchObject(unlinked);
    });

    test('not where the request that it was made for went elsewhere in time', () => {
      const asked = attempts(watching().on('c1').list(9, { at: 19.999 }));
      expect(verdict(asked.on('u1').carries(9, 5, { at: 20.5 }).serves(5, 20.6))).toMatchObject({ state: 'healthy' });
    });

    test('but where that request had been passed on before', () => {
      const asked = attempts(watching().on('c1').list(9, { at: 19.5 }));
      expect(verdict(asked.on('u1').carries(9, 5, { at: 19.6 }).serves(5, 19.7))).toMatchObject(unlinked);
    });

    test('where an attempt at another server in that moment explains the waiting just as well', () => {
      const asked = attempts(watching().on('c1').exec(9, { at: 19.999 }));
      const rival = asked.attempt('u3', { at: 20.2 }).refused(20.201);
      expect(verdict(rival)).toMatchObject(unlinked);
    });
  });

  describe('an upstream that answered again after 50 s', () => {
    const away = (built: TraceBuilder): TraceBuilder => built.retransmits(10, 20, 40).answered(60);

    test('while a client was there whose requests cannot be read', () => {
      const closed = trace().client('c1').watch(7, { at: 1 }).answers(7, 200, 2).with({ protocol: 'tls' });
      expect(verdict(away(closed.upstream('u1').upstream('u2')))).toMatchObject({
        state: 'suspect',
        reason: { connection: 'u2' },
      });
      const gone = trace().client('c1').watch(7, { at: 1 }).answers(7, 200, 2).closes('rst', 'client', 5);
      expect(verdict(away(gone.with({ protocol: 'tls' }).upstream('u2'))).state).toBe('healthy');
    });

    test('with a request on it of which nobody knows whose it was; not after 29 s', () => {
      expect(verdict(away(watching().upstream('u2').openStream(1, 5)))).toMatchObject({
        state: 'suspect',
        reason: { connection: 'u2' },
      });
      const soon = watching().upstream('u2').openStream(1, 5).retransmits(10, 20).answered(38);
      expect(verdict(soon).state).toBe('healthy');
    });

    test('not where all of it can be read, and nobody was on it', () => {
      expect(verdict(away(watching().upstream('u2'))).state).toBe('healthy');
      expect(verdict(away(watching().upstream('u2').openStream(1, 5).ends(1, 8))).state).toBe('healthy');
    });
  });

  describe('an upstream that reset its connection', () => {
    const reset = (built: TraceBuilder): TraceBuilder => built.closes('rst', 'upstream', 10);

    test('on which somebody waited whom nobody knows', () => {
      expect(verdict(reset(watching().upstream('u2').openStream(1, 5)))).toMatchObject({
        state: 'suspect',
        reason: { kind: 'dead-upstream-unlinked', connection: 'u2' },
      });
    });

    test('and whose requests cannot be read', () => {
      expect(verdict(reset(watching().upstream('u2').with({ protocol: 'tls' }))).state).toBe('suspect');
    });

    test('not where nothing was open on it', () => {
      expect(verdict(reset(watching().upstream('u2'))).state).toBe('healthy');
      expect(verdict(reset(watching().upstream('u2').openStream(1, 5).ends(1, 8))).state).toBe('healthy');
    });
  });

  describe('an upstream that said FIN', () => {
    const fin = (built: TraceBuilder): TraceBuilder => built.closes('fin', 'upstream', 10);

    test('which the gateway seems not to have heard, while somebody was on it whom nobody knows', () => {
      expect(verdict(fin(watching().upstream('u2').openStream(1, 5)))).toMatchObject({
        state: 'suspect',
        reason: { kind: 'dead-upstream-unlinked', connection: 'u2' },
      });
    });

    test('not where the gateway closed, too, or nothing was open', () => {
      expect(verdict(fin(watching().upstream('u2').openStream(1, 5)).closes('fin', 'gateway', 10.5)).state).toBe(
        'healthy',
      );
      expect(verdict(fin(watching().upstream('u2').openStream(1, 5).ends(1, 8))).state).toBe('healthy');
    });
  });

  test('requests that wait behind a GOAWAY, and nobody knows whose they are', () => {
    const goaway = (lastStreamId: number): TraceBuilder =>
      watching().upstream('u2').openStream(5, 4).goaway('upstream', 10, lastStreamId);
    expect(verdict(goaway(3))).toMatchObject({ state: 'suspect', reason: { connection: 'u2' } });
    // Those that it allows go on.
    expect(verdict(goaway(5)).state).toBe('healthy');
    // Of what runs in a tunnel that is the stream which carries it.
    const inTunnel = (inner: number, carrier: number): TraceBuilder =>
      watching().upstream('u2').openStream(inner, 4).connects(carrier, 3, inner).goaway('upstream', 10, 5);
    expect(verdict(inTunnel(1, 7))).toMatchObject({ state: 'suspect', reason: { connection: 'u2' } });
    expect(verdict(inTunnel(9, 5)).state).toBe('healthy');
  });

  test('a dead upstream whose only client was gone before; not one whose client lived on', () => {
    const dies = (built: TraceBuilder): TraceBuilder => built.on('u1').ends(3, 8).retransmits(10, 20, 40);
    expect(verdict(dies(watching().on('c1').closes('rst', 'client', 9)))).toMatchObject({
      state: 'suspect',
      reason: { connection: 'u1' },
    });
    expect(verdict(dies(watching())).state).toBe('healthy');
  });

  test('an upstream that nobody is linked to, and that owes an answer when the capture ends', () => {
    const built = watching().upstream('u2').retransmits(10, 11);
    expect(verdict(built, 13)).toMatchObject({ state: 'suspect', reason: { connection: 'u2' } });
  });

  test('not one whose next try is long overdue: it was answered unseen', () => {
    expect(verdict(watching().upstream('u2').retransmits(10, 11), 13.4)).toMatchObject({ state: 'suspect' });
    expect(verdict(watching().upstream('u2').retransmits(10, 11), 13.6)).toMatchObject({ state: 'healthy' });
  });

  test('a dead upstream that only chance links to a client', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .upstream('u1')
      .carries(7, 3, { method: 'payload', candidates: 2 })
      .retransmits(10, 20, 40);
    expect(verdict(built)).toMatchObject({ state: 'suspect', reason: { kind: 'dead-upstream-unlinked' } });
  });

  test('not a dead connection that had carried nothing any more', () => {
    expect(verdict(watching().ends(3, 8).retransmits(10, 20, 40))).toMatchObject({ state: 'healthy' });
  });

  test('an upstream that took a request and never answered', () => {
    const built = watching().on('c1').list(9, { at: 20 }).on('u1').carries(9, 5);
    expect(verdict(built, 100)).toEqual({
      state: 'suspect',
      confidence: 'possible',
      reason: { kind: 'stalled-upstream', connection: 'u1' },
    });
  });
});

describe('inconclusive', () => {
  test('no TCP at all', () => {
    expect(verdict(trace())).toEqual({ state: 'inconclusive', confidence: null, reason: { kind: 'no-tcp' } });
  });

  test('nobody was a gateway', () => {
    expect(verdict(trace().client('c1').watch(7))).toMatchObject({ reason: { kind: 'no-gateway', connections: 1 } });
  });

  test('an attempt had begun to go unanswered for a request that waits, when the capture ended', () => {
    const tried = watching().on('c1').list(9, { at: 20 }).attempt('u2', { at: 20.001 }).sendsSynAgain(21);
    expect(verdict(tried, 22)).toMatchObject({
      state: 'inconclusive',
      reason: { kind: 'too-early', connection: 'u2' },
    });
  });

  test('one host talks to itself, and nothing tells which connection is which leg', () => {
    const built = trace()
      .client('a', { from: '127.0.0.1:50001', to: '127.0.0.1:80' })
      .upstream('b', { from: '127.0.0.1:40001', to: '127.0.0.1:8080' });
    expect(verdict(built)).toMatchObject({ state: 'inconclusive', reason: { kind: 'no-client-leg' } });
  });

  test('an upstream had begun to owe its clients an answer when the capture ended', () => {
    expect(verdict(watching().retransmits(10, 11), 12)).toEqual({
      state: 'inconclusive',
      confidence: null,
      reason: { kind: 'too-early', connection: 'u1' },
    });
  });

  test('not where it was sent again just before: any capture of a lossy path may end so', () => {
    expect(verdict(watching().retransmits(10, 10.3), 10.7)).toMatchObject({ state: 'healthy' });
    expect(verdict(watching().retransmits(10, 10.3), 11)).toMatchObject({ reason: { kind: 'too-early' } });
  });

  test('what a display filter let through: nobody acknowledges anything, and nobody sends it again', () => {
    const filtered = watching().mute('upstream', 6).on('c1').mute('gateway', 6);
    expect(verdict(filtered, 60)).toEqual({ state: 'inconclusive', confidence: null, reason: { kind: 'filtered' } });
    // Within a few seconds the next try may still be due.
    expect(verdict(watching().mute('upstream', 6).on('c1').mute('gateway', 6), 15)).toMatchObject({ state: 'healthy' });
    // Nothing was sent again yet: that is no try in vain.
    expect(verdict(watching().mute('upstream', 6), 8)).toMatchObject({ state: 'healthy' });
    // One acknowledgement that the capture lost is no filter.
    expect(verdict(watching().mute('upstream', 6), 60)).not.toMatchObject({ reason: { kind: 'filtered' } });
    // Who sends again is whole.
    const stubborn = watching().mute('upstream', 6, 7, 9, 13, 21).on('c1').mute('gateway', 6);
    expect(verdict(stubborn, 60)).not.toMatchObject({ reason: { kind: 'filtered' } });
  });

  test('an upstream leg of one direction', () => {
    expect(verdict(watching().unseen('gateway'))).toMatchObject({
      state: 'inconclusive',
      reason: { kind: 'one-sided', connections: ['u1'] },
    });
  });

  test('one leg of several is blind, and it owes something', () => {
    const built = watchingWithSpare().on('u2').mute('gateway', 10, 11, 13).unseen('gateway');
    expect(verdict(built)).toMatchObject({ reason: { kind: 'one-sided', connections: ['u2'] } });
  });

  describe('one leg of several is blind, and the gateway gives it up', () => {
    const given = (resetAt: number): TraceBuilder =>
      watchingWithSpare()
        .on('c1')
        .watch(9, { at: 2 })
        .resetsStream(9, 'gateway', resetAt)
        .on('u2')
        .unseen('upstream')
        .closes('rst', 'gateway', 30);

    test('in the moment in which it resets a stream that no other leg carried', () => {
      expect(verdict(given(30.01))).toMatchObject({
        state: 'inconclusive',
        reason: { kind: 'one-sided', connections: ['u2'] },
      });
    });

    test('not at another time', () => {
      expect(verdict(given(40))).toMatchObject({ state: 'healthy' });
    });
  });

  test('a connection of the gateway’s own host, of which the capture has what comes in and not what goes out', () => {
    const built = (near: 0 | null, far: 0 | null): TraceBuilder => {
      const mute = watching().with({ localSide: near }).upstream('o1', { to: '10.9.4.2:8080', from: '10.9.4.1:4000' });
      return mute
        .with({ protocol: 'unknown', localSide: far })
        .unseen('gateway')
        .flow('upstream', { bytes: 10 })
        .mute('gateway', 20, 21, 23);
    };
    expect(verdict(built(0, 0))).toMatchObject({
      state: 'inconclusive',
      reason: { kind: 'one-sided', connections: ['o1'] },
    });
    // Of another host, or where it is not known whose host captured.
    expect(verdict(built(0, null))).toMatchObject({ state: 'healthy' });
    expect(verdict(built(null, 0))).toMatchObject({ state: 'healthy' });
  });

  test('one leg of several is blind, and nothing is amiss on it', () => {
    expect(verdict(watchingWithSpare().on('u2').unseen('gateway'))).toMatchObject({ state: 'healthy' });
  });
});

describe('healthy', () => {
  test('a watch that goes on', () => {
    expect(verdict(watching())).toEqual({
      state: 'healthy',
      confidence: null,
      reason: { kind: 'no-window', clients: 1, upstreams: 1, links: 1 },
    });
  });

  test.each([
    ['a client that went away', (built: TraceBuilder) => built.on('c1').mute('client', 10, 11, 13, 17)],
    ['a client that died by reset', (built: TraceBuilder) => built.on('c1').closes('rst', 'client', 10)],
    ['loss that recovered', (built: TraceBuilder) => built.mute('upstream', 10, 11, 13, 17).answered(20)],
    [
      'a reader that stalls',
      (built: TraceBuilder) => built.flow('gateway', { zeroWindowAt: 10 }).speaks('upstream', 60),
    ],
    [
      'an idle time-out’s cut',
      (built: TraceBuilder) =>
        built.on('c1').resetsStream(7, 'gateway', 305.001).on('u1').resetsStream(3, 'gateway', 305.001),
    ],
  ])('%s', (_what, change) => {
    expect(verdict(change(watching()))).toMatchObject({ state: 'healthy', confidence: null });
  });
});

describe('a capture that cannot tell the time', () => {
  test('whose clock was set back is inconclusive, where it would have been healthy', () => {
    const at = { file: 0, packet: 5, timeNs: -60e9 };
    const built = { ...watching().end(600), clockSteps: { count: 1, first: at } };
    expect(buildIncident(built).verdict).toEqual({
      state: 'inconclusive',
      confidence: null,
      reason: { kind: 'clock-step', count: 1 },
    });
    expect(buildIncident(built).trust).toMatchObject([
      { code: 'clock-step', connection: null, packets: [at], count: 1 },
    ]);
  });

  test('that is shorter than a death takes is inconclusive while something is awaited, a longer or finished one healthy', () => {
    const awaited = watching().on('c1').list(9, { at: 599 }).end(600);
    const first = { file: 0, packet: 1, timeNs: 598e9 };
    expect(buildIncident({ ...awaited, first }).verdict.reason).toEqual({ kind: 'too-short' });
    expect(buildIncident({ ...awaited, first: { ...first, timeNs: 596e9 } }).verdict.state).toBe('healthy');
    expect(buildIncident({ ...watching().end(600), first }).verdict.state).toBe('healthy');
  });
});

describe('a capture whose payloads were taken away', () => {
  const blanked = (built: TraceBuilder): TraceBuilder => built.with({ isBlanked: true });

  test('is inconclusive where it would be healthy, for one leg of either side', () => {
    for (const id of ['c1', 'u1']) {
      expect(verdict(blanked(watching().on(id)))).toEqual({
        state: 'inconclusive',
        confidence: null,
        reason: { kind: 'payload-blanked', count: 1 },
      });
    }
    expect(verdict(watching())).toMatchObject({ state: 'healthy' });
  });

  test('says so under trust', () => {
    const { trust } = buildIncident(blanked(watching().on('u1')).end(600));
    expect(trust.map(({ code, connection }) => [code, connection])).toContainEqual(['payload-blanked', 'u1']);
  });

  test('is still suspect, or half-dead, where packets show it', () => {
    expect(verdict(blanked(watching().retransmits(10, 20, 40)))).toMatchObject({ state: 'half-dead' });
  });
});
