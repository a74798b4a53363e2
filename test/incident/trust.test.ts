import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { watching } from './stories.ts';

function notes(built: TraceBuilder): string[] {
  return buildIncident(built.end(600)).trust.map(({ code, connection, count }) => `${code} ${connection} ${count}`);
}

describe('what weakens a capture', () => {
  test('a direction that is not in it', () => {
    expect(notes(watching().unseen('upstream'))).toEqual(['one-sided u1 2']);
  });

  test('packets that the capture lost', () => {
    const built = watching().flow('gateway', { lostByCapture: 2 }).flow('upstream', { lostByCapture: 3 });
    expect(notes(built)).toEqual(['lost-by-capture u1 5']);
  });

  test('bytes that are missing', () => {
    expect(notes(watching().flow('upstream', { gapBytes: 1448 }))).toEqual(['missing-bytes u1 1448']);
  });

  test('bytes that came twice, and not the same', () => {
    const built = watching().flow('gateway', { differingOverlaps: 1 }).flow('upstream', { differingOverlaps: 2 });
    expect(notes(built)).toEqual(['differing-overlap u1 3']);
  });

  test('bytes that the snap length cut', () => {
    expect(notes(watching().flow('upstream', { snaplenBytes: 1380 }))).toEqual(['snaplen-cut u1 1380']);
  });

  test('streams from before it began', () => {
    expect(notes(trace().client('c1', { midway: true }).openStream(7, 1).upstream('u1'))).toEqual([
      'begun-mid-stream c1 1',
    ]);
  });

  test('a leg that was open before, and has no stream from then, can be followed whole', () => {
    expect(notes(trace().client('c1', { midway: true }).watch(7, { at: 1 }).upstream('u1'))).toEqual([]);
  });

  test('where nothing is a leg, cuts and losses of all connections together', () => {
    const alone = trace()
      .client('a', { from: '10.8.0.1:5000', to: '10.8.0.2:80' })
      .flow('client', { snaplenBytes: 70 })
      .client('b', { from: '10.8.0.3:5000', to: '10.8.0.2:80' })
      .flow('client', { snaplenBytes: 30, lostByCapture: 4 });
    expect(notes(alone)).toEqual(['snaplen-cut null 100', 'lost-by-capture null 4']);
  });

  test('what is no leg is not spoken of', () => {
    expect(notes(watching().client('o', { from: '10.8.0.1:5000', to: '10.8.0.2:80' }).unseen('gateway'))).toEqual([]);
  });
});
