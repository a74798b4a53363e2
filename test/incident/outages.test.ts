import { describe, expect, test } from 'vitest';
import { buildIncident, type Outage } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { watching } from './stories.ts';

function outages(built: TraceBuilder): readonly Outage[] {
  return buildIncident(built.end(600)).outages;
}

/** `10.9.2.2 w1,w2 10-92`: which server, which windows, from when to when. */
function told(built: TraceBuilder): string[] {
  return outages(built).map(
    ({ server, windows, fromNs, toNs }) =>
      `${server.ip} ${windows.join(',')} ${fromNs / 1e9}-${toNs === null ? '' : toNs / 1e9}`,
  );
}

describe('what one dead upstream did', () => {
  test('all clients of one dead connection, with totals', () => {
    const built = trace().client('c1').watch(7, { at: 1 }).client('c2').watch(1, { at: 2 }).upstream('u1');
    built.carries(7, 3, { of: 'c1' }).carries(1, 5, { of: 'c2' }).answers(3, 200, 2.1).answers(5, 200, 2.1);
    built.retransmits(10, 20, 40).on('c2').resetsStream(1, 'gateway', 109.8);
    expect(outages(built)).toMatchObject([
      {
        id: 'i1',
        server: { ip: '10.9.2.2', port: 8080 },
        upstreams: ['u1'],
        windows: ['w1', 'w2'],
        confidence: 'confirmed',
        causes: ['peer-silent'],
        fromNs: 9.8e9,
        toNs: null,
        durationNs: 590.2e9,
        waitedNs: 690.2e9,
        clients: 2,
        streams: 2,
        outcomes: { hung: 1, 'gateway-error': 0, reset: 1, finished: 0 },
        victims: [{ userAgent: 'kubectl/v1.31', kind: 'watch', resource: 'pods', clients: 2, streams: 2, hung: 1 }],
      },
    ]);
  });

  test('who asked for what, those with most streams first', () => {
    const paths = ['/api/v1/pods?watch=true', '/api/v1/nodes?watch=true', '/api/v1/nodes?watch=1', '/version'];
    const built = trace().client('c1');
    for (const [i, path] of paths.entries()) built.request(7 + 2 * i, { at: 1 + i, path });
    built.upstream('u1');
    for (const i of paths.keys()) built.carries(7 + 2 * i, 1 + 2 * i);
    const [outage] = outages(built.retransmits(10, 20, 40));
    expect(outage?.victims.map(({ kind, resource, streams }) => `${kind} ${resource} ${streams}`)).toEqual([
      'watch nodes 2',
      'watch pods 1',
      'other /version 1',
    ]);
  });

  test('a group’s resource is named with its API group and subresource, without the object', () => {
    const built = trace()
      .client('c1')
      .request(7, { path: '/apis/coordination.k8s.io/v1/namespaces/a/leases/b', at: 1 });
    built.exec(9, { at: 2 }).upstream('u1').carries(7, 3).carries(9, 5).retransmits(10, 20, 40);
    const [outage] = outages(built);
    expect(outage?.victims.map(({ resource }) => resource)).toEqual(['leases.coordination.k8s.io', 'pods/exec']);
  });

  test('two connections to one server that died at one time are one, two servers are two', () => {
    const two = (to: string): TraceBuilder =>
      watching()
        .retransmits(10, 20, 40)
        .client('c2')
        .watch(1, { at: 2 })
        .upstream('u2', { to })
        .carries(1, 1)
        .retransmits(30, 40, 60);
    expect(told(two('10.9.2.2:8080'))).toEqual(['10.9.2.2 w1,w2 9.8-']);
    expect(told(two('10.9.2.3:8080'))).toEqual(['10.9.2.2 w1 9.8-', '10.9.2.3 w2 29.8-']);
    expect(told(two('10.9.2.2:9090'))).toEqual(['10.9.2.2 w1 9.8-', '10.9.2.2 w2 29.8-']);
  });

  test('where it cost more comes first, whenever it began', () => {
    const built = watching().retransmits(10, 20, 40).closes('rst', 'gateway', 50);
    built
      .client('c2')
      .watch(1, { at: 2 })
      .upstream('u2', { to: '10.9.2.3:8080' })
      .carries(1, 1)
      .retransmits(100, 120, 140);
    expect(told(built)).toEqual(['10.9.2.3 w2 99.8-', '10.9.2.2 w1 9.8-50']);
  });

  test('one that answered in between died twice; one that never did was away all the time', () => {
    const again = (first: TraceBuilder): string[] => told(first.mute('upstream', 80, 81, 83, 87));
    expect(again(watching().mute('upstream', 10, 11, 13, 17).answered(60))).toEqual([
      '10.9.2.2 w2 80-',
      '10.9.2.2 w1 10-60',
    ]);
    const reopened = watching()
      .retransmits(10, 20, 40)
      .closes('rst', 'gateway', 60)
      .on('c1')
      .resetsStream(7, 'gateway', 60);
    reopened.list(9, { at: 70 }).attempt('u2', { at: 70.001, to: '10.9.2.2:8080' }).sendsSynAgain(71, 73, 77);
    expect(told(reopened)).toEqual(['10.9.2.2 w1,w2 9.8-']);
  });

  test('without a window there is none', () => {
    expect(outages(watching())).toEqual([]);
  });
});
