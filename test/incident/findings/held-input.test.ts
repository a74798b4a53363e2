import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../../build/trace.ts';
import { findingsIn } from '../stories.ts';

/** c1 types into an exec each five seconds; u1 gets the first two words, and then nothing. */
function typing(...passedOn: readonly number[]): TraceBuilder {
  const built = trace().client('c1').exec(1, { at: 1 }).types(1, 2, 7, 12, 17, 22, 27, 32, 37, 42, 47);
  built.upstream('u1').carries(1, 1).answers(1, 101, 1.1).events(1, 2.1, 7.1);
  return built.types(1, 2.01, 7.01, ...passedOn);
}

const silent = (built: TraceBuilder, endSeconds = 50): unknown => findingsIn(built.end(endSeconds), 'upstream-silent');

describe('what is typed into a tunnel and passed on to nobody', () => {
  test('is a reason to suspect the upstream that hears no more of the gateway', () => {
    expect(silent(typing())).toMatchObject([
      {
        severity: 'warning',
        connection: 'u1',
        stream: { id: 1 },
        args: { heldBytes: 80, heldRequests: 0, deadBeside: null },
      },
    ]);
    expect(buildIncident(typing().end(50)).verdict).toMatchObject({
      state: 'suspect',
      reason: { kind: 'stalled-upstream', connection: 'u1' },
    });
  });

  test('not before it waited for half a minute', () => {
    // Typed at 12 s at the latest, since it was typed each five seconds.
    expect(silent(typing(), 41)).toEqual([]);
    expect(silent(typing(), 43)).toHaveLength(1);
  });

  test('nor where all was passed on, or the gateway goes on talking there', () => {
    expect(silent(typing(12.01, 17.01, 22.01, 27.01, 32.01, 37.01, 42.01, 47.01))).toEqual([]);
    expect(silent(typing().speaks('gateway', 49))).toEqual([]);
  });

  test('nor where the upstream takes no more, or bytes may be missing', () => {
    expect(silent(typing().flow('upstream', { zeroWindowAt: 8 }))).toEqual([]);
    expect(silent(typing().flow('gateway', { gapBytes: 80 }))).toEqual([]);
    expect(silent(typing().on('c1').flow('client', { snaplenBytes: 80 }))).toEqual([]);
  });

  test('nor where nothing shows that input is passed on at all, or the connection is proven dead', () => {
    const never = trace().client('c1').exec(1, { at: 1 }).types(1, 2, 7, 12).upstream('u1').carries(1, 1);
    expect(silent(never.answers(1, 101, 1.1))).toEqual([]);
    expect(silent(typing().retransmits(8, 9, 12))).toEqual([]);
  });
});
