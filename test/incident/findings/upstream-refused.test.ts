import { describe, expect, test } from 'vitest';
import { trace } from '../../build/trace.ts';
import { findingsIn, watching } from '../stories.ts';

describe('upstream-refused', () => {
  test('a SYN answered by RST while nobody waited', () => {
    const built = watching().attempt('u2', { at: 20 }).refused(20.001).end(600);
    expect(findingsIn(built, 'upstream-refused')).toMatchObject([
      { severity: 'warning', connection: 'u2', args: { attempts: 1 } },
    ]);
  });

  test('a client waits for it: part of the proof', () => {
    const built = trace().client('c1').list(1, { at: 20 }).attempt('u1', { at: 20.001 }).refused(20.002).end(600);
    expect(findingsIn(built, 'upstream-refused')).toMatchObject([{ severity: 'critical', connection: 'u1' }]);
  });

  test('attempts at one server are told together', () => {
    const to = '10.9.2.9:8080';
    const built = watching()
      .attempt('u2', { at: 20, to })
      .refused(20.001)
      .attempt('u3', { at: 25, to })
      .refused(25.001)
      .end(600);
    expect(findingsIn(built, 'upstream-refused')).toMatchObject([{ args: { attempts: 2 } }]);
  });

  test('an unanswered SYN is not refused', () => {
    const built = watching().attempt('u2', { at: 20 }).sendsSynAgain(21, 23, 27).end(600);
    expect(findingsIn(built, 'upstream-refused')).toEqual([]);
  });

  test('where the answers of the server were not captured, nobody knows that it refused', () => {
    const built = watching().attempt('u2', { at: 20 }).refused(20.001).unseen('upstream').end(600);
    expect(findingsIn(built, 'upstream-refused')).toEqual([]);
  });
});
