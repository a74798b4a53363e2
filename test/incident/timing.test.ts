import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { onlyWindow } from './stories.ts';

/** Nothing joins the two legs; the gateway gives u1 up at 90 s. */
function unjoined(): TraceBuilder {
  return trace()
    .client('c1', { midway: true })
    .openStream(7, 1)
    .upstream('u1', { midway: true })
    .probes(60, 70, 80)
    .closes('rst', 'gateway', 90);
}

describe('links by timing', () => {
  test('a stream reset within a second of the giving up was on it', () => {
    const incident = buildIncident(unjoined().on('c1').resetsStream(7, 'gateway', 90.9).end(600));
    expect(onlyWindow(incident)).toMatchObject({ confidence: 'probable', streams: [{ id: 7, upstreamStream: null }] });
    expect(incident.links).toMatchObject([{ method: 'timing', confidence: 0.9, streams: [] }]);
  });

  test('so was one that the gateway answered itself', () => {
    const incident = buildIncident(unjoined().on('c1').answers(7, 503, 90.1).end(600));
    expect(onlyWindow(incident).streams).toMatchObject([{ outcome: 'gateway-error' }]);
  });

  test('but of a GOAWAY that let older streams go on, only what was asked after it', () => {
    const after = (at: number): readonly unknown[] =>
      buildIncident(
        trace()
          .client('c1', { midway: true })
          .openStream(7, 1)
          .request(9, { at })
          .upstream('u1', { midway: true })
          .goaway('upstream', 50, 99)
          .closes('fin', 'upstream', 59.9)
          .closes('fin', 'gateway', 60)
          .on('c1')
          .resetsStream(7, 'gateway', 60.1)
          .resetsStream(9, 'gateway', 60.1)
          .end(600),
      ).windows.map(({ streams }) => streams.map(({ id }) => id));
    expect(after(40)).toEqual([]);
    expect(after(52)).toEqual([[9]]);
  });

  test('one reset later was not', () => {
    expect(buildIncident(unjoined().on('c1').resetsStream(7, 'gateway', 91.1).end(600)).windows).toEqual([]);
  });

  test('nor one that had been told before', () => {
    expect(buildIncident(unjoined().on('c1').resetsStream(7, 'gateway', 89).end(600)).windows).toEqual([]);
  });

  test('nor one whose upstream is known to be another', () => {
    const built = unjoined()
      .upstream('u2')
      .carries(7, 1, { method: 'payload', matched: 4 })
      .on('c1')
      .resetsStream(7, 'gateway', 90.1)
      .end(600);
    expect(buildIncident(built).windows).toEqual([]);
  });

  test('another upstream given up in the same moment explains it as well: no window', () => {
    const built = unjoined()
      .upstream('u2', { midway: true })
      .closes('rst', 'gateway', 90.5)
      .on('c1')
      .resetsStream(7, 'gateway', 90.6)
      .end(600);
    const incident = buildIncident(built);
    expect(incident.windows).toEqual([]);
    expect(incident.verdict.state).toBe('suspect');
  });
});
