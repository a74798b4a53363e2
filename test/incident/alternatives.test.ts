import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import type { TraceBuilder } from '../build/trace.ts';
import { onlyWindow, watching } from './stories.ts';

/** Dead from 9.8 to 92 s, and what stood by. */
function standingBy(spare: (built: TraceBuilder) => TraceBuilder): readonly object[] {
  const built = spare(watching().retransmits(10, 20, 40).closes('rst', 'gateway', 92)).end(600);
  return onlyWindow(buildIncident(built)).alternatives;
}

describe('alternatives', () => {
  test('a connection to another server, open all the time', () => {
    expect(standingBy((built) => built.upstream('u2'))).toEqual([{ upstream: 'u2', requestsDuring: 0, unused: true }]);
  });

  test('with the requests that it got in the window, not before and not after', () => {
    const spare = (built: TraceBuilder): TraceBuilder =>
      built
        .on('c1')
        .list(9, { at: 2 })
        .list(11, { at: 30 })
        .list(13, { at: 95 })
        .upstream('u2')
        .carries(9, 1)
        .carries(11, 3)
        .carries(13, 5);
    expect(standingBy(spare)).toEqual([{ upstream: 'u2', requestsDuring: 1, unused: false }]);
  });

  test('folded requests are taken as evenly spread', () => {
    expect(standingBy((built) => built.upstream('u2').folded(1000, 0, 821.6))).toEqual([
      { upstream: 'u2', requestsDuring: 100, unused: false },
    ]);
  });

  test('one that was idle counts: idle is alive', () => {
    expect(standingBy((built) => built.upstream('u2').speaks('upstream', 300))).toHaveLength(1);
  });

  test('one of two connections to a server that was asked on the other is not unused', () => {
    const spare = (built: TraceBuilder): TraceBuilder =>
      built
        .on('c1')
        .list(9, { at: 30 })
        .upstream('u2', { to: '10.9.3.2:8080' })
        .upstream('u3', { to: '10.9.3.2:8080' })
        .carries(9, 1);
    expect(standingBy(spare)).toEqual([
      { upstream: 'u2', requestsDuring: 0, unused: false },
      { upstream: 'u3', requestsDuring: 1, unused: false },
    ]);
  });

  test('an HTTP/1.1 connection that a watch takes up has no room', () => {
    const spare = (built: TraceBuilder): TraceBuilder =>
      built
        .with({ protocol: 'http1' })
        .on('c1')
        .watch(9, { at: 2 })
        .upstream('u2')
        .carries(9, 1)
        .answers(1, 200, 2.1)
        .with({ protocol: 'http1' });
    expect(standingBy(spare)).toEqual([{ upstream: 'u2', requestsDuring: 0, unused: false }]);
  });

  test('another connection to the dead server is none', () => {
    expect(standingBy((built) => built.upstream('u2', { to: '10.9.2.2:8080' }))).toEqual([]);
  });

  test('another port is another service: it was there, and could not have served', () => {
    expect(standingBy((built) => built.upstream('u2', { to: '10.9.2.3:9090' }))).toEqual([
      { upstream: 'u2', requestsDuring: 0, unused: false },
    ]);
    expect(standingBy((built) => built.upstream('u2', { to: '10.9.2.2:9090' }))).toEqual([
      { upstream: 'u2', requestsDuring: 0, unused: false },
    ]);
  });

  test('neither could one that speaks another protocol', () => {
    expect(standingBy((built) => built.upstream('u2').with({ protocol: 'http1' }))).toMatchObject([{ unused: false }]);
    expect(standingBy((built) => built.upstream('u2', { midway: true }).with({ protocol: 'unknown' }))).toMatchObject([
      { unused: true },
    ]);
  });

  test('those that could have served come first', () => {
    const spare = (built: TraceBuilder): TraceBuilder =>
      built.upstream('u2', { to: '10.9.2.3:9090' }).upstream('u3', { to: '10.9.2.4:8080' });
    expect(standingBy(spare)).toMatchObject([{ upstream: 'u3' }, { upstream: 'u2' }]);
  });

  test('one that opened within the window was there, but not all the time', () => {
    expect(standingBy((built) => built.upstream('u2', { at: 50 }))).toMatchObject([{ upstream: 'u2', unused: false }]);
    expect(standingBy((built) => built.upstream('u2', { at: 93 }))).toEqual([]);
  });

  test('one that was open before the capture began was there, first heard in the window or after it', () => {
    for (const at of [50, 93])
      expect(standingBy((built) => built.upstream('u2', { at, midway: true }))).toMatchObject([{ unused: true }]);
  });

  test.each([
    ['died in it', (built: TraceBuilder) => built.mute('upstream', 12, 13, 15, 19)],
    ['said goodbye in it', (built: TraceBuilder) => built.goaway('upstream', 50, 3)],
    ['had said goodbye before, and stayed', (built: TraceBuilder) => built.goaway('upstream', 5, 3)],
    ['was closed in it', (built: TraceBuilder) => built.closes('rst', 'upstream', 50)],
  ])('one that %s was there, and is not called unused', (_state, change) => {
    expect(standingBy((built) => change(built.upstream('u2')))).toMatchObject([{ upstream: 'u2', unused: false }]);
  });

  test.each([
    ['dead', (built: TraceBuilder) => built.mute('upstream', 5, 6, 8, 12)],
    ['closed', (built: TraceBuilder) => built.closes('rst', 'upstream', 5)],
  ])('one that was %s all through it is none', (_state, change) => {
    expect(standingBy((built) => change(built.upstream('u2')))).toEqual([]);
  });

  test('an attempt is none', () => {
    expect(standingBy((built) => built.attempt('u2', { at: 8 }).refused(8.001))).toEqual([]);
  });

  test('the upstream of another gateway is none', () => {
    const spare = (built: TraceBuilder): TraceBuilder =>
      built
        .client('c2', { from: '10.9.1.3:50009', to: '10.9.0.9:80' })
        .upstream('u2', { from: '10.9.0.9:40009', to: '10.9.2.9:8080' });
    expect(standingBy(spare)).toEqual([]);
  });
});
