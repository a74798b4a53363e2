import { describe, expect, test } from 'vitest';
import { buildIncident, type Incident } from '../../src/incident/index.ts';
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

  test('of one that was refused before its SYN came to the capture: who is told at once that the gateway failed', () => {
    const refused = (story: TraceBuilder): TraceBuilder => {
      const built = story.attempt('u2', { at: 20 }).refused(20).unseen('gateway');
      return built.with({ handshake: { by: null, syn: null, synAck: null } });
    };
    const asks = (): TraceBuilder => trace().client('c1').list(1, { at: 19.999 });
    const failed = (): TraceBuilder => asks().answers(1, 503, 20.001).ends(1, 20.001);
    const windows = ['c1/u2 refused 20-20.001 gateway-closed'];
    expect(told(buildIncident(refused(failed().upstream('u1')).end(60)))).toEqual(windows);
    // Where nothing of what the gateway sends is in the capture, another upstream may have answered so.
    expect(
      told(
        buildIncident(
          refused(failed().upstream('u1', { midway: true }).unseen('gateway').speaks('upstream', 1)).end(60),
        ),
      ),
    ).toEqual([]);
    // Nor is it known of whom still waits whether it was passed on.
    expect(told(buildIncident(refused(asks().upstream('u1')).end(60)))).toEqual([]);
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
    const lossy = (built: TraceBuilder, until: number): TraceBuilder => built.unread('gateway', 0, until);
    expect(attemptAfter((built) => lossy(built.list(1, { at: 19.5 }), 19.6))).toEqual([]);
    expect(attemptAfter((built) => lossy(built.list(1, { at: 19.5 }), 19.4))).toHaveLength(1);
    const answered = (built: TraceBuilder): TraceBuilder => built.list(1, { at: 22 }).answers(1, 503, 28).ends(1, 28);
    expect(attemptAfter((built) => lossy(answered(built), 27))).toHaveLength(1);
    // It may have come before, and waited behind what is missing.
    expect(attemptAfter((built) => lossy(answered(built), 28.5))).toEqual([]);
    // What was lost after it has nothing of it.
    expect(attemptAfter((built) => answered(built).unread('gateway', 28.1, 60))).toHaveLength(1);
    expect(attemptAfter((built) => answered(built).unread('gateway', 27.9, 60))).toEqual([]);
  });

  test('not one of which the capture does not tell what it asked for, unless the gateway made it an error', () => {
    const nameless = { at: 22, path: null };
    expect(attemptAfter((built) => built.list(1, nameless))).toEqual([]);
    expect(attemptAfter((built) => built.list(1, nameless).answers(1, 503, 28).ends(1, 28))).toHaveLength(1);
  });

  test('not one that may have been passed on by packets which the capture lost', () => {
    const tried = (from: number, until: number): Incident => {
      const story = trace().client('c1').list(1, { at: 22 }).answers(1, 503, 28).ends(1, 28);
      story.upstream('u1').unread('gateway', from, until).attempt('u2', { at: 20 }).sendsSynAgain(21, 23, 27);
      return buildIncident(story.end(600));
    };
    expect(told(tried(0, 21))).toHaveLength(1);
    expect(tried(0, 23)).toMatchObject({ windows: [], verdict: { state: 'suspect' } });
    // Nor one that cannot be told from a request of which nothing but that it left can be read.
    const nameless = (at: number): Incident => {
      const story = trace().client('c1').list(1, { at: 22 }).answers(1, 503, 28).ends(1, 28);
      story.upstream('u1').openStream(1, at).attempt('u2', { at: 20 }).sendsSynAgain(21, 23, 27);
      return buildIncident(story.end(600));
    };
    expect(told(nameless(21))).toHaveLength(1);
    expect(told(nameless(22.5))).toEqual([]);
    // By then it had waited.
    expect(told(tried(25.5, 60))).toHaveLength(1);
    expect(told(tried(24.5, 60))).toEqual([]);
  });

  test('not one that may have been passed on through a tunnel that cannot be read; one that was refused takes nothing', () => {
    const tried = (status: number): Incident => {
      const story = trace().client('c1').list(1, { at: 22 }).answers(1, 503, 28).ends(1, 28).upstream('u1');
      story.connects(1, 2).answers(1, status, 2.1).types(1, 2.2, 23);
      return buildIncident(story.attempt('u2', { at: 20 }).sendsSynAgain(21, 23, 27).end(600));
    };
    expect(told(tried(200))).toEqual([]);
    expect(told(tried(403))).toHaveLength(1);
  });

  test('where the capture lacks what would tell, nobody is called healthy for the retries that it shows', () => {
    const tried = (until: number): Incident => {
      const story = trace().client('c1').list(1, { at: 19.5 }).list(3, { at: 19.6 }).unread('gateway', 0, until);
      story.upstream('u1', { to: '10.9.3.2:8080' }).carries(3, 1, { at: 20.1 }).serves(1, 20.2);
      return buildIncident(story.attempt('u2', { at: 20 }).refused(20.001).end(600));
    };
    expect(tried(30).verdict).toMatchObject({ state: 'suspect' });
  });

  test('not one that seems to have left at once on a connection which cannot be read', () => {
    const sent = (near: boolean): string[] => {
      const built = trace().client('c1').list(1, { at: 19.5 }).upstream('u1').with({ protocol: 'tls' });
      const plain = built.attempt('u2', { at: 20 }).sendsSynAgain(21, 23, 27).end(600);
      const streams = plain.streams.map((stream) => ({
        ...stream,
        timed: [{ hop: 0, connection: 1, nearerClient: near, at: stream.opened }],
      }));
      return told(buildIncident({ ...plain, streams }));
    };
    expect(sent(true)).toEqual([]);
    expect(sent(false)).toHaveLength(1);
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
