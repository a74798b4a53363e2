import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../../build/trace.ts';
import { findingsIn } from '../stories.ts';

/** c1 asked u1 and u2 in turn; from 10 s on every second request is passed on to nobody, and u1 is silent. */
function everySecondLost(): TraceBuilder {
  const built = trace()
    .client('c1')
    .list(1, { at: 1 })
    .list(3, { at: 3 })
    .list(5, { at: 12 })
    .list(7, { at: 15 })
    .list(9, { at: 18 });
  built.upstream('u1').carries(1, 1).serves(1, 1.1).upstream('u2').carries(3, 1).serves(1, 3.1);
  return built.carries(7, 3).serves(3, 15.1);
}

describe('requests that are passed on to nobody', () => {
  test('are a reason to suspect the upstream that had served them and hears no more of the gateway', () => {
    const built = everySecondLost().end(60);
    expect(buildIncident(built).verdict).toMatchObject({
      state: 'suspect',
      reason: { kind: 'stalled-upstream', connection: 'u1' },
    });
    expect(findingsIn(built, 'upstream-silent')).toMatchObject([
      { severity: 'warning', connection: 'u1', args: { heldRequests: 2, deadBeside: null } },
    ]);
  });

  test('where none had served them, a leg may be missing', () => {
    const built = trace().client('c1').list(1, { at: 1 }).list(3, { at: 12 }).list(5, { at: 15 });
    built.upstream('u1').carries(1, 1).serves(1, 1.1).carries(5, 3).serves(3, 15.1);
    expect(buildIncident(built.end(60)).verdict).toMatchObject({
      state: 'inconclusive',
      reason: { kind: 'requests-unseen', connection: 'c1', count: 1 },
    });
  });

  test('not before they waited for half a minute', () => {
    expect(buildIncident(everySecondLost().end(41)).verdict.state).toBe('healthy');
    expect(buildIncident(everySecondLost().end(43)).verdict.state).toBe('suspect');
  });

  test('nor where they were answered, or the gateway gave them up', () => {
    const all = (does: (built: TraceBuilder, id: number) => TraceBuilder): string => {
      const built = everySecondLost().on('c1');
      return buildIncident(does(does(built, 5), 9).end(60)).verdict.state;
    };
    expect(all((built, id) => built.answers(id, 200, 20))).toBe('healthy');
    expect(all((built, id) => built.resetsStream(id, 'gateway', 30))).toBe('healthy');
    expect(all((built, id) => built.resetsStream(id, 'client', 50, 8))).toBe('suspect');
  });

  test('at once where the gateway gave up with an error of its own, after it had waited; one at once waited for nobody', () => {
    const built = (status: number, at: number): string => {
      const answered = everySecondLost()
        .on('c1')
        .answers(5, status, at)
        .ends(5, at)
        .answers(9, 200, 18.1)
        .ends(9, 18.1);
      return buildIncident(answered.end(41)).verdict.state;
    };
    expect(built(504, 20)).toBe('suspect');
    expect(built(503, 12.001)).toBe('healthy');
    expect(built(404, 20)).toBe('healthy');
  });

  test('nor of requests that may rightly be without an answer', () => {
    const built = trace()
      .client('c1')
      .list(1, { at: 1 })
      .exec(3, { at: 12 })
      .upstream('u1')
      .carries(1, 1)
      .serves(1, 1.1);
    expect(buildIncident(built.end(100)).verdict.state).toBe('healthy');
  });

  test('nor where no request of the client is seen passed on, or bytes of it are missing', () => {
    const unread = trace()
      .client('c1')
      .list(1, { at: 1 })
      .upstream('u1')
      .client('c2')
      .list(1, { at: 1 })
      .on('u1')
      .carries(1, 1)
      .serves(1, 1.1);
    expect(buildIncident(unread.end(100)).verdict.state).toBe('healthy');
    const cut = everySecondLost().on('c1').flow('gateway', { gapBytes: 10 });
    expect(buildIncident(cut.end(60)).verdict.state).toBe('healthy');
  });
});
