import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { told } from './stories.ts';

/** Attempts at 20 s, from a gateway that has another upstream too. */
function attemptAfter(ask: (built: TraceBuilder) => TraceBuilder): string[] {
  const built = ask(trace().client('c1')).upstream('u1').attempt('u2', { at: 20 }).sendsSynAgain(21, 23, 27);
  return told(buildIncident(built.end(600)));
}

describe('who waits for an attempt', () => {
  test('a request asked just before it', () => {
    expect(attemptAfter((built) => built.list(1, { at: 19.5 }))).toHaveLength(1);
  });

  test('a request asked during it', () => {
    expect(attemptAfter((built) => built.list(1, { at: 25 }))).toHaveLength(1);
  });

  test('not one asked more than a second before', () => {
    expect(attemptAfter((built) => built.list(1, { at: 18.9 }))).toEqual([]);
  });

  test('not one that got an error at once: the gateway knew already that it had nobody to ask', () => {
    expect(attemptAfter((built) => built.list(1, { at: 22 }).answers(1, 503, 22.001).ends(1, 22.001))).toEqual([]);
    expect(attemptAfter((built) => built.list(1, { at: 22 }).answers(1, 503, 28).ends(1, 28))).toHaveLength(1);
  });

  test('not one asked when it was over', () => {
    expect(attemptAfter((built) => built.list(1, { at: 28 }))).toEqual([]);
  });

  test('not one that had its answer before', () => {
    expect(attemptAfter((built) => built.list(1, { at: 19.5 }).serves(1, 19.9))).toEqual([]);
  });

  test('not one whose answer may be among the packets that the capture lost', () => {
    const lossy = (built: TraceBuilder): TraceBuilder => built.flow('gateway', { gapBytes: 90 });
    expect(attemptAfter((built) => lossy(built.list(1, { at: 19.5 })))).toEqual([]);
    const answered = (built: TraceBuilder): TraceBuilder => built.list(1, { at: 22 }).answers(1, 503, 28).ends(1, 28);
    expect(attemptAfter((built) => lossy(answered(built)))).toHaveLength(1);
  });

  test('not a stream whose request was not captured', () => {
    expect(attemptAfter((built) => built.openStream(1, 19.5))).toEqual([]);
  });

  test('one that was served well, by whom the capture does not show, waited until then', () => {
    expect(attemptAfter((built) => built.list(1, { at: 20 }).serves(1, 22))).toEqual([]);
    expect(attemptAfter((built) => built.list(1, { at: 20 }).serves(1, 26))).toEqual([
      'c1/u2 connect-unanswered 20-26 rerouted',
    ]);
  });
});
