import { describe, expect, test } from 'vitest';
import type { JoinMethod } from '../../src/trace/index.ts';
import { buildIncident, type Link } from '../../src/incident/index.ts';
import { trace, type CarryOptions, type TraceBuilder } from '../build/trace.ts';
import { watching } from './stories.ts';

function linkBy(...carried: readonly CarryOptions[]): readonly Link[] {
  const built = trace().client('c1');
  for (const i of carried.keys()) built.watch(7 + 2 * i, { at: 1 + i });
  built.upstream('u1');
  for (const [i, options] of carried.entries()) built.carries(7 + 2 * i, 3 + 2 * i, options);
  return buildIncident(built.end(600)).links;
}

describe('links', () => {
  test('a request id that came out again is as sure as it gets', () => {
    expect(linkBy({ method: 'request-id' })).toEqual([
      {
        client: 'c1',
        upstream: 'u1',
        method: 'request-id',
        confidence: 0.99,
        streams: [[7, 3]],
        candidates: 1,
        runnerUp: null,
      },
    ]);
  });

  test('the same request at the same moment, and no other that fits', () => {
    expect(linkBy({ method: 'request' })).toMatchObject([{ method: 'request', confidence: 0.97 }]);
  });

  test('where several fit, order alone tells, and the link is less sure', () => {
    const [link] = linkBy({ method: 'request', candidates: 2 });
    expect(link?.confidence).toBeLessThan(0.8);
    expect(link?.confidence).toBeGreaterThan(0.6);
  });

  test('one that only one stream fits settles the others', () => {
    expect(linkBy({ candidates: 2 }, { candidates: 1 })).toMatchObject([{ confidence: 0.97 }]);
  });

  describe('payload in common by chance, since two clients watch the same', () => {
    /** u2 carries stream 1 of c1, as `matched` events say; one event was like one on u1. */
    const alike = (matched: number): readonly Link[] =>
      buildIncident(
        trace()
          .client('c1')
          .openStream(1, 1)
          .upstream('u1')
          .carries(1, 3, { of: 'c1', method: 'payload', matched: 1 })
          .upstream('u2')
          .carries(1, 5, { of: 'c1', method: 'payload', matched })
          .end(600),
      ).links;

    test('links nobody, where the stream agrees with another one far more often', () => {
      expect(alike(10)).toMatchObject([{ client: 'c1', upstream: 'u2', streams: [[1, 5]] }]);
      expect(alike(4)).toHaveLength(1);
    });

    test('is not told from a stream that was passed on twice, where it is as few as the other', () => {
      expect(alike(3)).toHaveLength(2);
    });
  });

  describe('the runner-up', () => {
    /** c2 asked the same of the gateway at that second, and both streams fitted what u1 took at 10.001. */
    const twoAskers = (at: number, method: JoinMethod = 'request'): TraceBuilder =>
      trace()
        .client('c1')
        .list(7, { at: 10 })
        .client('c2')
        .list(1, { at })
        .upstream('u1')
        .carries(7, 3, { of: 'c1', method, candidates: 2 });
    const linkIn = (built: TraceBuilder): Link | undefined => buildIncident(built.end(600)).links[0];

    test('is the other client whose request fitted alike, with what the link leaves open', () => {
      expect(linkIn(twoAskers(9.9))).toMatchObject({
        client: 'c1',
        confidence: 0.7275,
        candidates: 2,
        runnerUp: { client: 'c2', upstream: 'u1', confidence: 0.272, odds: null },
      });
    });

    test.each([
      ['had not asked by then', twoAskers(10.5)],
      ['had asked long before', twoAskers(0.0005)],
      ['had its answer by then', twoAskers(9.5).on('c2').serves(1, 9.6)],
    ])('is nobody where the other %s', (_, built) => {
      expect(linkIn(built)).toMatchObject({ candidates: 2, runnerUp: null });
    });

    test('of payloads is a watch of the same, however long it is open', () => {
      expect(linkIn(twoAskers(0.0005, 'payload'))).toMatchObject({ runnerUp: { client: 'c2' } });
    });

    test('is nobody where one match is clear, or the request is another', () => {
      expect(linkIn(twoAskers(9.9).on('c1').list(9, { at: 20 }).on('u1').carries(9, 5))).toMatchObject({
        confidence: 0.97,
        candidates: 1,
        runnerUp: null,
      });
      const other = trace().client('c1').list(7, { at: 10 }).client('c2').watch(1, { at: 9.9 }).upstream('u1');
      expect(linkIn(other.carries(7, 3, { of: 'c1', candidates: 2 }))).toMatchObject({ runnerUp: null });
    });

    test('of several is the one that fits most, and they share', () => {
      const built = twoAskers(9.9).client('c3').list(1, { at: 9.8 }).list(3, { at: 19.9 }).on('c1').list(9, { at: 20 });
      expect(linkIn(built.on('u1').carries(9, 5, { of: 'c1', candidates: 2 }))).toMatchObject({
        runnerUp: { client: 'c3', confidence: 0.136 },
      });
    });
  });

  test.each([
    [1, 0.7],
    [2, 0.85],
    [3, 0.92],
    [9, 0.95],
  ])('%d like payloads', (matched, confidence) => {
    expect(linkBy({ method: 'payload', matched })).toMatchObject([{ method: 'payload', confidence }]);
  });

  test('the strongest method names the link', () => {
    const methods: readonly JoinMethod[] = ['payload', 'request-id', 'request'];
    expect(linkBy(...methods.map((method) => ({ method })))).toMatchObject([
      {
        method: 'request-id',
        streams: [
          [7, 3],
          [9, 5],
          [11, 7],
        ],
      },
    ]);
  });

  test('requests alike that were held back and left in one go left in the order in which they came', () => {
    const leaving = (...at: readonly [number, number, number]): readonly (readonly [number, number])[] | undefined => {
      const built = trace().client('c1').list(7, { at: 1 }).list(9, { at: 10 }).list(11, { at: 49.9 }).upstream('u1');
      built.carries(11, 3, { at: at[0] }).carries(7, 5, { at: at[1] }).carries(9, 7, { at: at[2] });
      return buildIncident(built.end(600)).links[0]?.streams;
    };
    expect(leaving(50, 50, 50)).toEqual([
      [7, 3],
      [9, 5],
      [11, 7],
    ]);
    expect(leaving(50, 52, 54)).toEqual([
      [7, 5],
      [9, 7],
      [11, 3],
    ]);
  });

  test('requests of two hosts that are no gateway to each other are no link', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .upstream('u1', { from: '10.9.77.7:40001' })
      .carries(7, 3)
      .end(600);
    expect(buildIncident(built).links).toEqual([]);
  });

  test('a link that timing found while looking for windows stands with the others', () => {
    const built = trace()
      .client('c1', { midway: true })
      .openStream(7, 1)
      .upstream('u1', { midway: true })
      .probes(60, 70, 80)
      .closes('rst', 'gateway', 90)
      .on('c1')
      .resetsStream(7, 'gateway', 90.01)
      .end(600);
    const incident = buildIncident(built);
    expect(incident.links).toMatchObject([{ client: 'c1', upstream: 'u1', method: 'timing', confidence: 0.9 }]);
    expect(incident.windows).toMatchObject([{ link: 0, confidence: 'probable' }]);
  });

  test('the surest stand first, whatever their connections are called', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .client('c2')
      .watch(1, { at: 2 })
      .client('c3')
      .watch(1, { at: 3 });
    built.upstream('u1').carries(7, 3, { of: 'c1', method: 'payload', matched: 1 });
    built.carries(1, 5, { of: 'c2', method: 'request' }).carries(1, 7, { of: 'c3', method: 'request-id' });
    const { links, windows } = buildIncident(built.retransmits(10, 20, 40).end(600));
    expect(links.map(({ client, confidence }) => [client, confidence])).toEqual([
      ['c3', 0.99],
      ['c2', 0.97],
      ['c1', 0.7],
    ]);
    // Windows say by place which link is theirs.
    expect(windows).toHaveLength(3);
    for (const { client, link } of windows) expect(links[link]?.client).toBe(client);
  });

  test('two deaths of one pair that timing links are one link', () => {
    const built = trace()
      .client('c1', { midway: true })
      .openStream(7, 1)
      .openStream(9, 1)
      .upstream('u1', { midway: true })
      .mute('upstream', 60, 61, 63, 67)
      .answered(100)
      .mute('upstream', 160, 161, 163, 167)
      .closes('rst', 'gateway', 200)
      .on('c1')
      .resetsStream(7, 'gateway', 200.01)
      .resetsStream(9, 'gateway', 200.01)
      .end(600);
    const { links } = buildIncident(built);
    expect(links.length).toBeGreaterThan(0);
    expect(new Set(links.map(({ client, upstream, method }) => `${client} ${upstream} ${method}`)).size).toBe(
      links.length,
    );
  });

  test('each window names its link', () => {
    const built = watching().client('c2').watch(1, { at: 2 }).on('u1').carries(1, 5).retransmits(10, 20, 40).end(600);
    const { windows, links } = buildIncident(built);
    expect(windows.map(({ client, link }) => [client, links[link]?.client])).toEqual([
      ['c1', 'c1'],
      ['c2', 'c2'],
    ]);
  });
});
