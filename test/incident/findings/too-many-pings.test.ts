import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

const ENHANCE_YOUR_CALM = 11;

describe('too-many-pings', () => {
  test('GOAWAY ENHANCE_YOUR_CALM, with its debug text', () => {
    const built = watching().goaway('upstream', 50, 3, ENHANCE_YOUR_CALM, 'too_many_pings').end(600);
    expect(findingsIn(built, 'too-many-pings')).toMatchObject([
      { severity: 'warning', connection: 'u1', args: { debug: 'too_many_pings' } },
    ]);
  });

  test('a graceful GOAWAY is none', () => {
    expect(findingsIn(watching().goaway('upstream', 50, 3).end(600), 'too-many-pings')).toEqual([]);
  });

  test('without its debug text the error may be about anything', () => {
    const built = watching().goaway('upstream', 50, 3, ENHANCE_YOUR_CALM).end(600);
    expect(findingsIn(built, 'too-many-pings')).toEqual([]);
  });
});
